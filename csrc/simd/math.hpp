// exp, sigmoid and tanh over vectors.
//
// All three rest on one reduction: exp(y) = 2^n exp(2 h) with n an integer and |h| <= ln2 / 4 (Cody & Waite, "Software
// Manual for the Elementary Functions", 1980), and exp(2 h) = (e + h) / (e - h) with e = h coth h, an even function
// (Abramowitz & Stegun 4.5.67 has its series: for double as it stands up to h^12, error 1e-18; for float a minimax fit
// up to h^4, error 5e-10). So sigmoid and tanh have one division in all, and lose nothing near zero.
// n is found by adding a constant so large that the sum's last bit is worth one; its low bits then hold n, and added to
// the exponent field they multiply by 2^n. The second part of n ln2 matters where a result below 1 carries the error
// of exp: it is left out for tanh.
//
// Error of all three: at most 4 ULP for every normal float (tests/kernels measure it). Results below the
// normal range come out as zero, since kernels flush subnormals. NaN gives NaN.
// Price of one float vector with AVX-512: 18 instructions for sigmoid, 22 for tanh.
#pragma once

#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {

template <class T>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float log2_e = 1.44269504f;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;  // n * ln2_high is exact
  static constexpr float rounder = 12582912.0f;                               // 1.5 * 2^23
  static constexpr int mantissa_bits = 23;
  static constexpr float exp_lowest = -87.33654f, exp_overflow = 88.72283f;  // logarithms of the normal range
  static constexpr float sigmoid_zero = -88.3f, sigmoid_one = 18.0f;         // beyond these it is 0, or rounds to 1
  static constexpr float tanh_limit = 9.1f;                                  // from here on tanh rounds to 1
  static constexpr float h_coth[] = {1.0f, 0.33333236f, -0.02212752f};
};

template <>
struct ExpConstants<double> {
  static constexpr double log2_e = 1.4426950408889634;
  static constexpr double ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723212e-6;
  static constexpr double rounder = 6755399441055744.0;
  static constexpr int mantissa_bits = 52;
  static constexpr double exp_lowest = -708.3964185322641, exp_overflow = 709.782712893384;
  static constexpr double sigmoid_zero = -709.0, sigmoid_one = 38.0;
  static constexpr double tanh_limit = 19.1;
  static constexpr double h_coth[] = {
      1.0, 1.0 / 3, -1.0 / 45, 2.0 / 945, -1.0 / 4725.0, 2.0 / 93555.0, -1382.0 / 638512875.0};
};

// exp(S x) = 2^n exp(2 h), with h = S r / 2.
template <class T, int S>
struct Reduced {
  Vec<T> r, even;  // even = h coth h
  Bits<T> n;       // in the low bits

  TIDEGATE_INLINE_MEMBER Vec<T> even_plus_h() const { return S == 2 ? even + r : fma(r, broadcast(T(S) / 2), even); }
  TIDEGATE_INLINE_MEMBER Vec<T> even_minus_h() const { return S == 2 ? even - r : fma(r, broadcast(T(-S) / 2), even); }
};

template <class T, int S, bool Precise>
TIDEGATE_INLINE Reduced<T, S> reduce(Vec<T> x) {
  using C = ExpConstants<T>;
  constexpr T high = -C::ln2_high / S, low = -C::ln2_low / S;
  const Vec<T> shifted = fma(x, broadcast(S * C::log2_e), broadcast(C::rounder));
  const Vec<T> n = shifted - broadcast(C::rounder);
  const Vec<T> r = Precise ? fma(n, broadcast(low), fma(n, broadcast(high), x)) : fma(n, broadcast(high + low), x);
  constexpr int degree = int(sizeof(C::h_coth) / sizeof(T)) - 1;
  T scales[degree + 1] = {1};  // of r^2 against h^2
  for (int i = 1; i <= degree; ++i) scales[i] = scales[i - 1] * (S * S) / 4;
  const Vec<T> square = r * r;
  Vec<T> even = broadcast(C::h_coth[degree] * scales[degree]);
  TIDEGATE_UNROLL
  for (int i = degree - 1; i >= 0; --i) even = fma(even, square, broadcast(C::h_coth[i] * scales[i]));
  return {r, even, (Bits<T>)shifted};
}

// 2^n v, where both v and that are normal numbers.
template <class T>
TIDEGATE_INLINE Vec<T> scale(Vec<T> v, Bits<T> n) {
  return (Vec<T>)((Bits<T>)v + (n << ExpConstants<T>::mantissa_bits));
}

// exp(y): infinity above the range, zero below the normal range.
template <class T>
TIDEGATE_INLINE Vec<T> exp(Vec<T> y) {
  using C = ExpConstants<T>;
  const Vec<T> bounded = at_least(at_most(y, broadcast(C::exp_overflow)), broadcast(C::exp_lowest));
  const Reduced<T, 1> e = reduce<T, 1, true>(bounded);
  // 2^128 is not a float, so the power is applied in two halves.
  const Vec<T> one = broadcast(T(1));
  const Bits<T> n = e.n - (Bits<T>)broadcast(C::rounder), half = n >> 1;
  Vec<T> result = e.even_plus_h() / e.even_minus_h() * scale<T>(one, half) * scale<T>(one, n - half);
  result = y > broadcast(C::exp_overflow) ? broadcast(T(__builtin_inf())) : result;
  return y < broadcast(C::exp_lowest) ? broadcast(T(0)) : result;
}

// 1 / (1 + exp(-x))
template <class T>
TIDEGATE_INLINE Vec<T> sigmoid(Vec<T> x) {
  using C = ExpConstants<T>;
  const Vec<T> bounded = at_least(at_most(x, broadcast(C::sigmoid_one)), broadcast(C::sigmoid_zero));
  const Reduced<T, -1> e = reduce<T, -1, true>(bounded);
  const Vec<T> numerator = e.even_minus_h();
  return divide(numerator, numerator + scale<T>(e.even_plus_h(), e.n));
}

// (exp(2 x) - 1) / (exp(2 x) + 1), exact to the last bits near 0, where 2 sigmoid(2 x) - 1 is not.
template <class T>
TIDEGATE_INLINE Vec<T> tanh(Vec<T> x) {
  using C = ExpConstants<T>;
  const Vec<T> one = broadcast(T(1));
  const Reduced<T, 2> e = reduce<T, 2, false>(at_most(magnitude(x), broadcast(C::tanh_limit)));
  const Vec<T> power = scale<T>(one, e.n), rest = e.even_minus_h();
  const Vec<T> numerator = fma(power - one, e.even, (power + one) * e.r);
  return with_sign(divide(numerator, numerator + (rest + rest)), x);
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
