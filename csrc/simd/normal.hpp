// Two standard normal numbers from two random words: Box & Muller, Ann. Math. Stat. 29, 1958.
//
//   radius (cos, sin) of a turn: radius = sqrt(-2 ln u), u = (first + 1/2) / 2^32, turn = 2 pi second / 2^32
//
// In double, which holds words exactly. ln u comes from u's exponent and a mantissa m between sqrt(1/2) and sqrt(2) by
// ln m = 2 artanh s, s = (m - 1) / (m + 1) (Abramowitz & Stegun 4.1.27 has the series, here up to s^19, error 2e-17).
// The turn is reduced to an eighth to either side of a quarter on whole numbers, so nothing is lost there; sine and
// cosine are their series up to the powers 15 and 16 (4.3.65 and 66, error 5e-17).
//
// Error: 1.2e-15 in five million numbers; none is beyond sqrt(66 ln 2) = 6.8. Price of two vectors with AVX-512: some
// 60 instructions.
#pragma once

#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {

// Whole numbers of a magnitude below 2^51.
TIDEGATE_INLINE vf64 to_double(vi64 number) {
  const vf64 rounder = broadcast(6755399441055744.0);  // 1.5 * 2^52, whose low bits count ones
  return (vf64)((vi64)rounder + number) - rounder;
}

// sum of coefficients[i] x^i
template <int N>
TIDEGATE_INLINE vf64 polynomial(const double (&coefficients)[N], vf64 x) {
  vf64 sum = broadcast(coefficients[N - 1]);
  TIDEGATE_UNROLL
  for (int i = N - 2; i >= 0; --i) sum = fma(sum, x, broadcast(coefficients[i]));
  return sum;
}

// ln((word + 1/2) / 2^32), for a word of 32 bits.
TIDEGATE_INLINE vf64 log_of_word(vi64 word) {
  constexpr double series[] = {2,       2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,
                               2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19};
  const vi64 bits = (vi64)(to_double(word) + broadcast(0.5));
  // Counted from sqrt(1/2) / 4, so that the difference is positive.
  const vi64 exponent = ((bits - (vi64)broadcast(0.17677669529663687)) >> 52) - 2;
  const vf64 m = (vf64)(bits - (exponent << 52)), one = broadcast(1.0);
  const vf64 s = (m - one) / (m + one);
  return fma(to_double(exponent - 32), broadcast(0.6931471805599453), s * polynomial(series, s * s));
}

TIDEGATE_INLINE void normal_pair(vi64 first, vi64 second, vf64& cosine, vf64& sine) {
  constexpr double of_sine[] = {1,
                                -1.0 / 6,
                                1.0 / 120,
                                -1.0 / 5040,
                                1.0 / 362880,
                                -1.0 / 39916800,
                                1.0 / 6227020800,
                                -1.0 / 1307674368000};
  constexpr double of_cosine[] = {1,
                                  -1.0 / 2,
                                  1.0 / 24,
                                  -1.0 / 720,
                                  1.0 / 40320,
                                  -1.0 / 3628800,
                                  1.0 / 479001600,
                                  -1.0 / 87178291200,
                                  1.0 / 20922789888000};
  const vf64 radius = sqrt(broadcast(-2.0) * log_of_word(first));
  const vi64 quarter = (second + (1 << 29)) >> 30;
  const vf64 angle = to_double(second - (quarter << 30)) * broadcast(1.4629180792671596e-9);  // 2 pi / 2^32
  const vf64 square = angle * angle;
  const vf64 s = angle * polynomial(of_sine, square), c = polynomial(of_cosine, square);
  // A quarter turn makes the cosine of -sine and the sine of cosine; signs are the top bits.
  const vi64 odd = vi64{} - (quarter & 1);
  const auto pick = [&](vf64 even_one, vf64 odd_one, vi64 sign) TIDEGATE_INLINE_MEMBER {
    return radius * (vf64)((((vi64)even_one & ~odd) | ((vi64)odd_one & odd)) ^ ((sign & 2) << 62));
  };
  cosine = pick(c, s, quarter + 1);
  sine = pick(s, c, quarter);
}

}  // namespace tidegate::TIDEGATE_ISA
