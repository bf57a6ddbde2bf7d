// The x86-64 baseline: 16 registers of 16 bytes, no fused multiply-add (fma rounds twice here).
#pragma once

namespace tidegate::TIDEGATE_ISA {

constexpr int kVectorBytes = 16;
constexpr int kRegisters = 16;

typedef float vf32 __attribute__((vector_size(16)));
typedef double vf64 __attribute__((vector_size(16)));
typedef int32_t vi32 __attribute__((vector_size(16)));
typedef int64_t vi64 __attribute__((vector_size(16)));

TIDEGATE_INLINE vf32 broadcast(float a) { return (vf32)_mm_set1_ps(a); }
TIDEGATE_INLINE vf64 broadcast(double a) { return (vf64)_mm_set1_pd(a); }

TIDEGATE_INLINE vf32 fma(vf32 a, vf32 b, vf32 c) { return a * b + c; }
TIDEGATE_INLINE vf64 fma(vf64 a, vf64 b, vf64 c) { return a * b + c; }

TIDEGATE_INLINE vf32 sqrt(vf32 a) { return (vf32)_mm_sqrt_ps((__m128)a); }
TIDEGATE_INLINE vf64 sqrt(vf64 a) { return (vf64)_mm_sqrt_pd((__m128d)a); }

// The second operand is returned when either is a NaN, so a NaN in x passes.
TIDEGATE_INLINE vf32 at_least(vf32 x, vf32 limit) { return (vf32)_mm_max_ps((__m128)limit, (__m128)x); }
TIDEGATE_INLINE vf64 at_least(vf64 x, vf64 limit) { return (vf64)_mm_max_pd((__m128d)limit, (__m128d)x); }
TIDEGATE_INLINE vf32 at_most(vf32 x, vf32 limit) { return (vf32)_mm_min_ps((__m128)limit, (__m128)x); }
TIDEGATE_INLINE vf64 at_most(vf64 x, vf64 limit) { return (vf64)_mm_min_pd((__m128d)limit, (__m128d)x); }

// |x|, and t >= 0 with the sign of x. On floats, since GCC keeps a float constant in memory but brings an integer one
// through a general register and a shuffle.
TIDEGATE_INLINE vf32 magnitude(vf32 x) { return (vf32)_mm_andnot_ps(_mm_set1_ps(-0.0f), (__m128)x); }
TIDEGATE_INLINE vf64 magnitude(vf64 x) { return (vf64)_mm_andnot_pd(_mm_set1_pd(-0.0), (__m128d)x); }
TIDEGATE_INLINE vf32 with_sign(vf32 t, vf32 x) {
  return (vf32)_mm_or_ps((__m128)t, _mm_and_ps((__m128)x, _mm_set1_ps(-0.0f)));
}
TIDEGATE_INLINE vf64 with_sign(vf64 t, vf64 x) {
  return (vf64)_mm_or_pd((__m128d)t, _mm_and_pd((__m128d)x, _mm_set1_pd(-0.0)));
}

TIDEGATE_INLINE vf32 divide(vf32 a, vf32 b) { return a / b; }
TIDEGATE_INLINE vf64 divide(vf64 a, vf64 b) { return a / b; }

// The whole product of the low halves of each lane, as unsigned numbers.
TIDEGATE_INLINE vi64 low_product(vi64 a, vi64 b) { return (vi64)_mm_mul_epu32((__m128i)a, (__m128i)b); }

// Of signed numbers of 16 bits, two in each lane: the sum of their two products.
TIDEGATE_INLINE vi32 multiply_pairs(vi32 a, vi32 b) { return (vi32)_mm_madd_epi16((__m128i)a, (__m128i)b); }

}  // namespace tidegate::TIDEGATE_ISA
