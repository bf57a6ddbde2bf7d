// Layers of float32 whose products take narrower factors: what bf16.cpp and int8.cpp have in common. States, gates and
// activations stay in float32.
#pragma once

#include "kernels/gru.hpp"
#include "kernels/lstm.hpp"
#include "kernels/table.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// Of 32 bits and less, as many as a vector of floats has.
typedef uint32_t vu32 __attribute__((vector_size(kVectorBytes)));
typedef uint16_t vu16 __attribute__((vector_size(kVectorBytes / 2)));
typedef uint8_t vu8 __attribute__((vector_size(kVectorBytes / 4)));

TIDEGATE_INLINE vi32 load_elements(const void* p) {
  vi32 v;
  memcpy(&v, p, sizeof v);
  return v;
}

TIDEGATE_INLINE vi32 spread_element(uint32_t element) { return vi32{} + int32_t(element); }

// A row [n] as elements, vector by vector; what fills up the last one stands for zeros.
template <class Factors>
TIDEGATE_INLINE void narrow_row(const float* from, int64_t n, float factor, uint32_t* to) {
  constexpr int L = kLanes<float>, kElements = L / Factors::kNumbers;
  for (int64_t i = 0; i < n; i += L) {
    const vf32 x = load_first(from + i, n - i) * broadcast(factor);
    uint32_t elements[kElements];
    Factors::narrow_vector(x, elements);
    const int64_t left = (n - i + Factors::kNumbers - 1) / Factors::kNumbers;
    memcpy(to + i / Factors::kNumbers, elements, (left < kElements ? left : kElements) * sizeof(uint32_t));
  }
}

template <class Factors>
void narrow_all_states(const float* h, int64_t n, uint32_t* elements) {
  for (int64_t i = 0; i < n; i += kLanes<float>) Factors::narrow_state(load(h + i), elements + i / Factors::kNumbers);
}

template <class Factors, int Rows, int Vectors>
__attribute__((noinline)) void narrow_tile(const NarrowProductArgs& a, int64_t first, const uint32_t* columns,
                                           int64_t column) {
  constexpr int L = kLanes<float>;
  typename Factors::Sum sums[Vectors][Rows];
  const uint32_t* x[Rows];
  const auto for_each_sum = [&](auto f) TIDEGATE_INLINE_MEMBER {
  TIDEGATE_UNROLL
    for (int v = 0; v < Vectors; ++v)
      TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r) f(sums[v][r], r, column + v * L);
  };
  const auto bias = [&](int64_t at) TIDEGATE_INLINE_MEMBER {
    return a.bias ? load_first(a.bias + at, a.width - at) : broadcast(0.0f);
  };
  TIDEGATE_UNROLL
  for (int r = 0; r < Rows; ++r) x[r] = a.x + (first + r) * a.depth;
  for_each_sum([&](auto& sum, int, int64_t at) TIDEGATE_INLINE_MEMBER {
    if constexpr (Factors::kScaled)
      sum = Factors::load_sum(a.column_scales.start + at);
    else
      sum = bias(at);
  });
  accumulate<Factors, Vectors, 0, Vectors, 1, 0>(sums, x, Columns<uint32_t>{columns, 0, a.depth});
  for_each_sum([&](auto sum, int r, int64_t at) TIDEGATE_INLINE_MEMBER {
    vf32 y;
    if constexpr (Factors::kScaled)
      y = fma(Factors::value(sum), load(a.column_scales.scale + at) * broadcast(a.x_scale[first + r]), bias(at));
    else
      y = sum;
    store_first(a.y + (first + r) * a.y_stride + at, y, a.width - at);
  });
}

template <class Factors>
void narrow_product(const NarrowProductArgs& a) {
  constexpr int L = kLanes<float>;
  const auto* columns = static_cast<const uint32_t*>(a.columns);
  for (int64_t column = 0; column < a.width; column += kStrip * L) {
    const int64_t needed = (a.width - column + L - 1) / L, vectors = needed < kStrip ? needed : kStrip;
    for_each_block<kRows>(a.rows, [&](int64_t first, int64_t rows) {
      with_constant<kRows>(rows, [&](auto r) {
        with_constant<kStrip>(vectors, [&](auto v) {
          narrow_tile<Factors, r.value, v.value>(a, first, columns, column);
        });
      });
    });
    columns += a.depth * vectors * L;
  }
}

template <class Factors, class Cell>
void narrow_forward(const ForwardArgs<float>& a) {
  Forward<Factors, Cell>(a).run();
}

template <class Factors>
constexpr NarrowTable narrow_table() {
  return {Factors::kName,
          Factors::kNumbers,
          Factors::kScaled,
          Factors::kFast,
          {narrow_forward<Factors, Lstm>, narrow_forward<Factors, Gru>},
          Factors::narrow,
          narrow_all_states<Factors>,
          narrow_product<Factors>};
}

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
