// bfloat16: the upper half of a float32, to nearest and to even. Two numbers an element, products added in float32.
#include "kernels/narrow.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

struct Bf16 {
  using State = float;
  using Element = uint32_t;
  using Sum = vf32;
  static constexpr int kNumbers = 2;
  static constexpr bool kScaled = false;
  static constexpr float kStateScale = 1;

#if defined(__AVX512BF16__)
  static constexpr bool kFast = true;

  TIDEGATE_INLINE vi32 spread(uint32_t element) { return spread_element(element); }
  TIDEGATE_INLINE vi32 weights(const uint32_t* p) { return load_elements(p); }
  TIDEGATE_INLINE vf32 add(vi32 x, vi32 w, vf32 sum) {
    return (vf32)_mm512_dpbf16_ps((__m512)sum, (__m512bh)x, (__m512bh)w);
  }
#else
  static constexpr bool kFast = false;

  struct Pair {
    vf32 first, second;
  };

  TIDEGATE_INLINE Pair pair(vi32 elements) { return {(vf32)(elements << 16), (vf32)(elements & int32_t(0xffff0000))}; }
  TIDEGATE_INLINE Pair spread(uint32_t element) { return pair(spread_element(element)); }
  TIDEGATE_INLINE vi32 weights(const uint32_t* p) { return load_elements(p); }
  TIDEGATE_INLINE vf32 add(const Pair& x, vi32 w, vf32 sum) {
    const Pair both = pair(w);
    return fma(x.second, both.second, fma(x.first, both.first, sum));
  }
#endif

  TIDEGATE_INLINE void narrow_vector(vf32 x, uint32_t* to) {
    const vu32 bits = (vu32)x;
    // Half of the last place that stays, and a tie goes to even; a NaN must stay one.
    const vu32 rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16, of_nan = (bits >> 16) | 0x40;
    const vu16 halves = __builtin_convertvector(x == x ? rounded : of_nan, vu16);
    memcpy(to, &halves, sizeof halves);
  }
  TIDEGATE_INLINE void narrow_state(vf32 h, uint32_t* to) { narrow_vector(h, to); }

  static float narrow(const float* x, int64_t n, uint32_t* to) {
    narrow_row<Bf16>(x, n, 1, to);
    return 1;
  }
};

}  // namespace

constinit const NarrowTable kBf16 = narrow_table<Bf16>();

}  // namespace tidegate::TIDEGATE_ISA
