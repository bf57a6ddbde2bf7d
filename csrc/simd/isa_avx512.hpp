// AVX-512 (F, BW, DQ, VL): 32 registers of 64 bytes.
#pragma once

namespace tidegate::TIDEGATE_ISA {

constexpr int kVectorBytes = 64;
constexpr int kRegisters = 32;

typedef float vf32 __attribute__((vector_size(64)));
typedef double vf64 __attribute__((vector_size(64)));
typedef int32_t vi32 __attribute__((vector_size(64)));
typedef int64_t vi64 __attribute__((vector_size(64)));

TIDEGATE_INLINE vf32 broadcast(float a) { return (vf32)_mm512_set1_ps(a); }
TIDEGATE_INLINE vf64 broadcast(double a) { return (vf64)_mm512_set1_pd(a); }

TIDEGATE_INLINE vf32 fma(vf32 a, vf32 b, vf32 c) { return (vf32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
TIDEGATE_INLINE vf64 fma(vf64 a, vf64 b, vf64 c) { return (vf64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }

TIDEGATE_INLINE vf32 sqrt(vf32 a) { return (vf32)_mm512_sqrt_ps((__m512)a); }
TIDEGATE_INLINE vf64 sqrt(vf64 a) { return (vf64)_mm512_sqrt_pd((__m512d)a); }

// The second operand is returned when either is a NaN, so a NaN in x passes.
TIDEGATE_INLINE vf32 at_least(vf32 x, vf32 limit) { return (vf32)_mm512_max_ps((__m512)limit, (__m512)x); }
TIDEGATE_INLINE vf64 at_least(vf64 x, vf64 limit) { return (vf64)_mm512_max_pd((__m512d)limit, (__m512d)x); }
TIDEGATE_INLINE vf32 at_most(vf32 x, vf32 limit) { return (vf32)_mm512_min_ps((__m512)limit, (__m512)x); }
TIDEGATE_INLINE vf64 at_most(vf64 x, vf64 limit) { return (vf64)_mm512_min_pd((__m512d)limit, (__m512d)x); }

// |x|, and t >= 0 with the sign of x. On floats, since GCC keeps a float constant in memory but brings an integer one
// through a general register and a shuffle.
TIDEGATE_INLINE vf32 magnitude(vf32 x) { return (vf32)_mm512_andnot_ps(_mm512_set1_ps(-0.0f), (__m512)x); }
TIDEGATE_INLINE vf64 magnitude(vf64 x) { return (vf64)_mm512_andnot_pd(_mm512_set1_pd(-0.0), (__m512d)x); }
TIDEGATE_INLINE vf32 with_sign(vf32 t, vf32 x) {
  return (vf32)_mm512_or_ps((__m512)t, _mm512_and_ps((__m512)x, _mm512_set1_ps(-0.0f)));
}
TIDEGATE_INLINE vf64 with_sign(vf64 t, vf64 x) {
  return (vf64)_mm512_or_pd((__m512d)t, _mm512_and_pd((__m512d)x, _mm512_set1_pd(-0.0)));
}

// Lanes first, first + 1, ... of two vectors side by side: `count` of them, then zeros.
TIDEGATE_INLINE vf32 slide(vf32 low, vf32 high, int first, int count) {
  const vi32 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return (vf32)_mm512_maskz_permutex2var_ps(__mmask16((1 << count) - 1), (__m512)low, (__m512i)(lanes + first),
                                            (__m512)high);
}

// a / b for b of a magnitude in [2^-126, 2^127): an estimate good to 14 bits, corrected once through the residual.
// 1 ULP; four instructions of one or two micro-operations where the divider would be busy for 10 cycles.
TIDEGATE_INLINE vf32 divide(vf32 a, vf32 b) {
  const vf32 y = (vf32)_mm512_rcp14_ps((__m512)b);
  const vf32 q = a * y;
  return fma(fma(-q, b, a), y, q);
}
TIDEGATE_INLINE vf64 divide(vf64 a, vf64 b) { return a / b; }

// The whole product of the low halves of each lane, as unsigned numbers. (GCC 12 warns of its own header at the form
// without a mask, which is what it makes of this.)
TIDEGATE_INLINE vi64 low_product(vi64 a, vi64 b) { return (vi64)_mm512_maskz_mul_epu32(0xff, (__m512i)a, (__m512i)b); }

// Of signed numbers of 16 bits, two in each lane: the sum of their two products.
TIDEGATE_INLINE vi32 multiply_pairs(vi32 a, vi32 b) { return (vi32)_mm512_madd_epi16((__m512i)a, (__m512i)b); }

}  // namespace tidegate::TIDEGATE_ISA
