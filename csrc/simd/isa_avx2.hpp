// AVX2 with FMA: 16 registers of 32 bytes.
#pragma once

namespace tidegate::TIDEGATE_ISA {

constexpr int kVectorBytes = 32;
constexpr int kRegisters = 16;

typedef float vf32 __attribute__((vector_size(32)));
typedef double vf64 __attribute__((vector_size(32)));
typedef int32_t vi32 __attribute__((vector_size(32)));
typedef int64_t vi64 __attribute__((vector_size(32)));

TIDEGATE_INLINE vf32 broadcast(float a) { return (vf32)_mm256_set1_ps(a); }
TIDEGATE_INLINE vf64 broadcast(double a) { return (vf64)_mm256_set1_pd(a); }

TIDEGATE_INLINE vf32 fma(vf32 a, vf32 b, vf32 c) { return (vf32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
TIDEGATE_INLINE vf64 fma(vf64 a, vf64 b, vf64 c) { return (vf64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }

TIDEGATE_INLINE vf32 sqrt(vf32 a) { return (vf32)_mm256_sqrt_ps((__m256)a); }
TIDEGATE_INLINE vf64 sqrt(vf64 a) { return (vf64)_mm256_sqrt_pd((__m256d)a); }

// The second operand is returned when either is a NaN, so a NaN in x passes.
TIDEGATE_INLINE vf32 at_least(vf32 x, vf32 limit) { return (vf32)_mm256_max_ps((__m256)limit, (__m256)x); }
TIDEGATE_INLINE vf64 at_least(vf64 x, vf64 limit) { return (vf64)_mm256_max_pd((__m256d)limit, (__m256d)x); }
TIDEGATE_INLINE vf32 at_most(vf32 x, vf32 limit) { return (vf32)_mm256_min_ps((__m256)limit, (__m256)x); }
TIDEGATE_INLINE vf64 at_most(vf64 x, vf64 limit) { return (vf64)_mm256_min_pd((__m256d)limit, (__m256d)x); }

// |x|, and t >= 0 with the sign of x. On floats, since GCC keeps a float constant in memory but brings an integer one
// through a general register and a shuffle.
TIDEGATE_INLINE vf32 magnitude(vf32 x) { return (vf32)_mm256_andnot_ps(_mm256_set1_ps(-0.0f), (__m256)x); }
TIDEGATE_INLINE vf64 magnitude(vf64 x) { return (vf64)_mm256_andnot_pd(_mm256_set1_pd(-0.0), (__m256d)x); }
TIDEGATE_INLINE vf32 with_sign(vf32 t, vf32 x) {
  return (vf32)_mm256_or_ps((__m256)t, _mm256_and_ps((__m256)x, _mm256_set1_ps(-0.0f)));
}
TIDEGATE_INLINE vf64 with_sign(vf64 t, vf64 x) {
  return (vf64)_mm256_or_pd((__m256d)t, _mm256_and_pd((__m256d)x, _mm256_set1_pd(-0.0)));
}

TIDEGATE_INLINE vf32 divide(vf32 a, vf32 b) { return a / b; }
TIDEGATE_INLINE vf64 divide(vf64 a, vf64 b) { return a / b; }

// The whole product of the low halves of each lane, as unsigned numbers.
TIDEGATE_INLINE vi64 low_product(vi64 a, vi64 b) { return (vi64)_mm256_mul_epu32((__m256i)a, (__m256i)b); }

// Of signed numbers of 16 bits, two in each lane: the sum of their two products.
TIDEGATE_INLINE vi32 multiply_pairs(vi32 a, vi32 b) { return (vi32)_mm256_madd_epi16((__m256i)a, (__m256i)b); }

}  // namespace tidegate::TIDEGATE_ISA
