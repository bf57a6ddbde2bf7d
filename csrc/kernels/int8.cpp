// int8: weights are whole numbers of -127..127 times a scale of their column, inputs times a scale of their row, states
// (which lie in -1..1) times 1/127. Four numbers an element; their products are exact.
//
// The dot products of CPUs take one factor without a sign, so a row holds its numbers plus 128, and every sum starts
// from -128 times the sum of its column's weights.
#include <math.h>

#include "kernels/narrow.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

struct Int8 {
  using State = float;
  using Element = uint32_t;
  using Sum = vi32;
  static constexpr const char* kName = "int8";
  static constexpr int kNumbers = 4;
  static constexpr bool kScaled = true;
  static constexpr float kMost = 127, kStateScale = 1 / kMost;

#if defined(__AVX512VNNI__)
  static constexpr bool kFast = true;

  TIDEGATE_INLINE vi32 spread(uint32_t element) { return spread_element(element); }
  TIDEGATE_INLINE vi32 weights(const uint32_t* p) { return load_elements(p); }
  TIDEGATE_INLINE vi32 add(vi32 x, vi32 w, vi32 sum) {
    return (vi32)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, (__m512i)w);
  }
#else
  static constexpr bool kFast = false;

  // Numbers 0 and 2, and 1 and 3, as halves of 32 bits.
  struct Halves {
    vi32 even, odd;
  };

  TIDEGATE_INLINE Halves spread(uint32_t element) {
    return {spread_element(element & 0x00ff00ff), spread_element((element >> 8) & 0x00ff00ff)};
  }
  TIDEGATE_INLINE vi32 weights(const uint32_t* p) { return load_elements(p); }
  TIDEGATE_INLINE vi32 add(const Halves& x, vi32 w, vi32 sum) {
    typedef int16_t vi16 __attribute__((vector_size(kVectorBytes)));
    const vi16 halves = (vi16)w;
    return sum + multiply_pairs(x.even, (vi32)((halves << 8) >> 8)) + multiply_pairs(x.odd, (vi32)(halves >> 8));
  }
#endif

  TIDEGATE_INLINE vi32 load_sum(const int32_t* p) { return load_elements(p); }
  TIDEGATE_INLINE vf32 value(vi32 sum) { return __builtin_convertvector(sum, vf32); }

  // Numbers of -127..127 to the nearest whole one, and away from zero.
  TIDEGATE_INLINE void narrow_vector(vf32 x, uint32_t* to) {
    const vi32 whole = __builtin_convertvector(x + with_sign(broadcast(0.5f), x), vi32) + 128;
    const vu8 bytes = __builtin_convertvector(whole, vu8);
    memcpy(to, &bytes, sizeof bytes);
  }
  // A state beyond -1..1, which only a caller can have set, counts as -1 or 1, and a NaN among them as 0.
  TIDEGATE_INLINE void narrow_state(vf32 h, uint32_t* to) {
    narrow_vector(at_most(at_least(h, broadcast(-1.0f)), broadcast(1.0f)) * broadcast(kMost), to);
  }

  // A row with a NaN or an infinity has a scale that is NaN.
  static float narrow(const float* x, int64_t n, uint32_t* to) {
    vf32 most = broadcast(0.0f), not_finite = most;
    for (int64_t i = 0; i < n; i += kLanes<float>) {
      const vf32 part = load_first(x + i, n - i);
      most = at_least(magnitude(part), most);
      not_finite += part - part;
    }
    float largest = 0, check = 0;
    for (int i = 0; i < kLanes<float>; ++i) {
      largest = most[i] > largest ? most[i] : largest;
      check += not_finite[i];
    }
    const float scale = largest / kMost;
    narrow_row<Int8>(x, n, scale > 0 && scale < INFINITY ? 1 / scale : 0, to);
    return scale + check;
  }
};

}  // namespace

constinit const NarrowTable kInt8 = narrow_table<Int8>();

}  // namespace tidegate::TIDEGATE_ISA
