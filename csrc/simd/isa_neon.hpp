// AArch64 NEON: 32 registers of 16 bytes.
#pragma once

namespace tidegate::TIDEGATE_ISA {

constexpr int kVectorBytes = 16;
constexpr int kRegisters = 32;

typedef float vf32 __attribute__((vector_size(16)));
typedef double vf64 __attribute__((vector_size(16)));
typedef int32_t vi32 __attribute__((vector_size(16)));
typedef int64_t vi64 __attribute__((vector_size(16)));

TIDEGATE_INLINE vf32 broadcast(float a) { return (vf32)vdupq_n_f32(a); }
TIDEGATE_INLINE vf64 broadcast(double a) { return (vf64)vdupq_n_f64(a); }

TIDEGATE_INLINE vf32 fma(vf32 a, vf32 b, vf32 c) {
  return (vf32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
TIDEGATE_INLINE vf64 fma(vf64 a, vf64 b, vf64 c) {
  return (vf64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}

TIDEGATE_INLINE vf32 sqrt(vf32 a) { return (vf32)vsqrtq_f32((float32x4_t)a); }
TIDEGATE_INLINE vf64 sqrt(vf64 a) { return (vf64)vsqrtq_f64((float64x2_t)a); }

// FMAX and FMIN return a NaN when either operand is one, so a NaN in x passes.
TIDEGATE_INLINE vf32 at_least(vf32 x, vf32 limit) { return (vf32)vmaxq_f32((float32x4_t)limit, (float32x4_t)x); }
TIDEGATE_INLINE vf64 at_least(vf64 x, vf64 limit) { return (vf64)vmaxq_f64((float64x2_t)limit, (float64x2_t)x); }
TIDEGATE_INLINE vf32 at_most(vf32 x, vf32 limit) { return (vf32)vminq_f32((float32x4_t)limit, (float32x4_t)x); }
TIDEGATE_INLINE vf64 at_most(vf64 x, vf64 limit) { return (vf64)vminq_f64((float64x2_t)limit, (float64x2_t)x); }

// |x|, and t >= 0 with the sign of x.
TIDEGATE_INLINE vf32 magnitude(vf32 x) { return (vf32)vabsq_f32((float32x4_t)x); }
TIDEGATE_INLINE vf64 magnitude(vf64 x) { return (vf64)vabsq_f64((float64x2_t)x); }
TIDEGATE_INLINE vf32 with_sign(vf32 t, vf32 x) {
  return (vf32)vbslq_f32(vdupq_n_u32(0x80000000u), (float32x4_t)x, (float32x4_t)t);
}
TIDEGATE_INLINE vf64 with_sign(vf64 t, vf64 x) {
  return (vf64)vbslq_f64(vdupq_n_u64(uint64_t(1) << 63), (float64x2_t)x, (float64x2_t)t);
}

TIDEGATE_INLINE vf32 divide(vf32 a, vf32 b) { return a / b; }
TIDEGATE_INLINE vf64 divide(vf64 a, vf64 b) { return a / b; }

// The whole product of the low halves of each lane, as unsigned numbers.
TIDEGATE_INLINE vi64 low_product(vi64 a, vi64 b) {
  return (vi64)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
}

// Of signed numbers of 16 bits, two in each lane: the sum of their two products.
TIDEGATE_INLINE vi32 multiply_pairs(vi32 a, vi32 b) {
  const int16x8_t x = (int16x8_t)a, y = (int16x8_t)b;
  return (vi32)vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}

}  // namespace tidegate::TIDEGATE_ISA
