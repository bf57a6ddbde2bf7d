// exp, sigmoid and tanh over vectors.
//
// All three rest on one reduction: y = n ln2 + r with n an integer and |r| <= ln2 / 2 (Cody & Waite, "Software Manual
// for the Elementary Functions", 1980), and on a polynomial for expm1(r) = r + r^2 q(r). For float q is a minimax fit
// of degree 4, relative error 1.4e-8 of expm1; for double it is the Taylor series up to r^13 / 13!, error 1e-17.
// n is found by adding a constant so large that the sum's last bit is worth one; its low bits then hold n + bias,
// and shifted into the exponent field they are 2^n.
//
// The second part of n ln2 matters where a result below 1 carries the error of exp: it is left out for tanh.
//
// Error of sigmoid and tanh: at most 4 ULP for every normal float (tests/kernels measure it). Results below the
// normal range come out as zero, since kernels flush subnormals. NaN gives NaN.
// Price of one float vector with AVX-512: 19 instructions for sigmoid, 20 for tanh.
#pragma once

#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {

template <class T>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float log2_e = 1.44269504f;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;  // n * ln2_high is exact
  static constexpr float rounder = 12582912.0f + 127.0f;                      // 1.5 * 2^23, plus the exponent's bias
  static constexpr int mantissa_bits = 23;
  static constexpr float exp_lowest = -87.33654f, exp_overflow = 88.72283f;  // logarithms of the normal range
  static constexpr float exp_bounded = 88.3f;                                // where 2^n is still a number
  static constexpr float tanh_limit = 9.1f;                                  // from here on tanh rounds to 1
  static constexpr float q[] = {0.5f, 0.1666654348f, 0.0416662805f, 0.00836657453f, 0.0013946431f};
};

template <>
struct ExpConstants<double> {
  static constexpr double log2_e = 1.4426950408889634;
  static constexpr double ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723212e-6;
  static constexpr double rounder = 6755399441055744.0 + 1023.0;
  static constexpr int mantissa_bits = 52;
  static constexpr double exp_lowest = -708.3964185322641, exp_overflow = 709.782712893384;
  static constexpr double exp_bounded = 709.3;
  static constexpr double tanh_limit = 19.1;
  static constexpr double q[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                                 1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                                 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
};

template <class T>
struct Reduced {
  Vec<T> expm1_r;   // expm1(r)
  Bits<T> shifted;  // n + bias in the low bits
};

template <class T, bool Precise>
TIDEGATE_INLINE Reduced<T> reduce(Vec<T> y) {
  using C = ExpConstants<T>;
  const Vec<T> rounder = broadcast(C::rounder);
  const Vec<T> shifted = fma(y, broadcast(C::log2_e), rounder);
  const Vec<T> n = shifted - rounder;
  const Vec<T> r = Precise ? fma(n, broadcast(-C::ln2_low), fma(n, broadcast(-C::ln2_high), y))
                           : fma(n, broadcast(-(C::ln2_high + C::ln2_low)), y);
  constexpr int degree = int(sizeof(C::q) / sizeof(T)) - 1;
  Vec<T> q = broadcast(C::q[degree]);
  TIDEGATE_UNROLL
  for (int i = degree - 1; i >= 0; --i) q = fma(q, r, broadcast(C::q[i]));
  return {fma(r * r, q, r), (Bits<T>)shifted};
}

// 2^n, where that is a normal number.
template <class T>
TIDEGATE_INLINE Vec<T> power_of_two(Bits<T> shifted) {
  return (Vec<T>)(shifted << ExpConstants<T>::mantissa_bits);
}

// exp(y) for exp_lowest <= y <= exp_bounded. 2 ULP.
template <class T>
TIDEGATE_INLINE Vec<T> exp_bounded(Vec<T> y) {
  const Reduced<T> e = reduce<T, true>(y);
  const Vec<T> power = power_of_two<T>(e.shifted);
  return fma(power, e.expm1_r, power);
}

// exp(y) for all y: infinity above the range, zero below the normal range. 2 ULP.
template <class T>
TIDEGATE_INLINE Vec<T> exp(Vec<T> y) {
  using C = ExpConstants<T>;
  const Reduced<T> e = reduce<T, true>(at_least(at_most(y, broadcast(C::exp_overflow)), broadcast(C::exp_lowest)));
  // 2^128 is not a float, so the power is applied in two halves.
  const Bits<T> bias = (Bits<T>)broadcast(C::rounder);
  const Bits<T> half = (e.shifted - bias) >> 1;
  const Vec<T> first = power_of_two<T>(half + bias), second = power_of_two<T>(e.shifted - half);
  Vec<T> result = fma(first, e.expm1_r, first) * second;
  result = y > broadcast(C::exp_overflow) ? broadcast(T(__builtin_inf())) : result;
  return y < broadcast(C::exp_lowest) ? broadcast(T(0)) : result;
}

// 1 / (1 + exp(-x))
template <class T>
TIDEGATE_INLINE Vec<T> sigmoid(Vec<T> x) {
  using C = ExpConstants<T>;
  const Vec<T> bounded = at_least(at_most(x, broadcast(-C::exp_lowest)), broadcast(-C::exp_bounded));
  return divide(broadcast(T(1)), exp_bounded<T>(-bounded) + broadcast(T(1)));
}

// With e = expm1(2 |x|): tanh |x| = e / (e + 2), exact to the last bits near 0, where 2 sigmoid(2x) - 1 is not.
template <class T>
TIDEGATE_INLINE Vec<T> tanh(Vec<T> x) {
  using C = ExpConstants<T>;
  const Vec<T> bounded = at_most(magnitude(x), broadcast(C::tanh_limit));
  const Reduced<T> r = reduce<T, false>(bounded + bounded);
  const Vec<T> power = power_of_two<T>(r.shifted);
  const Vec<T> e = fma(power, r.expm1_r, power - broadcast(T(1)));
  return with_sign(divide(e, e + broadcast(T(2))), x);
}

// Derivatives from the output.
template <class T>
TIDEGATE_INLINE Vec<T> d_sigmoid(Vec<T> s) {
  return s * (broadcast(T(1)) - s);
}

template <class T>
TIDEGATE_INLINE Vec<T> d_tanh(Vec<T> t) {
  return fma(-t, t, broadcast(T(1)));
}

}  // namespace tidegate::TIDEGATE_ISA
