// The two matrix products outside a cell's forward pass, on the register tile.
//
// product: rows times packed columns, for d_h, d_x and Dense. outer: the gradients of weights, sums over all entries of
// a block. Each output is one chain of fma in the order of its sum, so tiles and threads cannot change its bits.
#include "kernels/table.hpp"
#include "kernels/tile.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class T, int Rows, int Vectors>
__attribute__((noinline)) void product_tile(const ProductArgs<T>& a, int64_t first, const T* columns, int64_t column) {
  constexpr int L = kLanes<T>;
  const int64_t stride = a.y_stride > 0 ? a.y_stride : L;
  Vec<T> sums[Vectors][Rows];
  T* y[Rows];
  const T* x[Rows];
  TIDEGATE_UNROLL
  for (int r = 0; r < Rows; ++r) {
    y[r] = a.y[first + r] + column / L * stride;
    x[r] = a.x[first + r];
  }
  const int64_t last = a.width - column - (Vectors - 1) * L;  // elements of the last vector, the others are whole
  TIDEGATE_UNROLL
  for (int v = 0; v < Vectors; ++v)
    TIDEGATE_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const int64_t n = v == Vectors - 1 ? last : L;
      sums[v][r] = a.add    ? load_first(y[r] + v * stride, n)
                      : a.bias ? load_first(a.bias + column + v * L, n)
                               : broadcast(T(0));
    }
  const int two = a.runs.length[1] > 0;  // runs of a piece, less one
  const int64_t runs = a.runs.pieces << two;
  for (int64_t i = 0; i < runs + (a.tail_depth > 0); ++i) {
    const bool in_tail = i == runs;
    const int64_t run = i & two, depth = in_tail ? a.tail_depth : a.runs.length[run];
    const T* factor[Rows];
    TIDEGATE_UNROLL
    for (int r = 0; r < Rows; ++r)
      factor[r] = in_tail ? a.tail + (first + r) * depth : x[r] + (i >> two) * a.runs.stride + a.runs.offset[run];
    accumulate<Plain<T>, Vectors, 0, Vectors, 1, 0>(sums, factor, Columns<T>{columns, 0, depth});
    columns += depth * Vectors * L;
  }
  TIDEGATE_UNROLL
  for (int v = 0; v < Vectors; ++v)
    TIDEGATE_UNROLL
    for (int r = 0; r < Rows; ++r) store_first(y[r] + v * stride, sums[v][r], v == Vectors - 1 ? last : L);
}

template <class T>
void product_rows(const ProductArgs<T>& a) {
  constexpr int L = kLanes<T>;
  const T* columns = a.columns;
  for (int64_t column = 0; column < a.width; column += kStrip * L) {
    const int64_t needed = (a.width - column + L - 1) / L, vectors = needed < kStrip ? needed : kStrip;
    for_each_block<kRows>(a.rows, [&](int64_t first, int64_t rows) {
      with_constant<kRows>(rows, [&](auto r) {
        with_constant<kStrip>(vectors, [&](auto v) { product_tile<T, r.value, v.value>(a, first, columns, column); });
      });
    });
    columns += (a.runs.depth() + a.tail_depth) * vectors * L;
  }
}

// Entries of one pass over a panel: 128 of them with 4 vectors of 64 bytes are 32 KiB, which stay in the L1 cache while
// all rows of the gradient go over them.
constexpr int64_t kEntriesOfPass = 128;

template <class T, int Rows, int Panels, int Vectors, int Last>
__attribute__((noinline)) void outer_tile(const OuterArgs<T>& a, int64_t begin, int64_t end, int64_t m) {
  constexpr int L = kLanes<T>, kColumns = Panels * Vectors;
  const int64_t row_stride = a.row_stride > 0 ? a.row_stride : Vectors * L;
  const int64_t vector_stride = a.row_stride > 0 ? a.vector_stride : L;
  const auto gradient = [&](int c, int r) TIDEGATE_INLINE_MEMBER {
    return a.gradient + c / Vectors * a.gradient_stride + (m + r) * row_stride + c % Vectors * vector_stride;
  };
  const auto column = [&](const T* d, int c) TIDEGATE_INLINE_MEMBER {
    return load(d + c / Vectors * a.panel_stride + Slots{Vectors, Last}.slot(c % Vectors) * L);
  };
  const bool fresh = a.fresh && begin == 0;
  Vec<T> sums[kColumns][Rows];
  TIDEGATE_UNROLL
  for (int r = 0; r < Rows; ++r)
    TIDEGATE_UNROLL
    for (int c = 0; c < kColumns; ++c) sums[c][r] = fresh ? broadcast(T(0)) : load(gradient(c, r));
  for (int64_t e = begin; e < end; ++e) {
    const T* factor = a.a[e] + m;
    const T* d = a.d + e * a.d_stride;
    if constexpr (kColumns <= Rows) {
      Vec<T> w[kColumns];
      TIDEGATE_UNROLL
      for (int c = 0; c < kColumns; ++c) w[c] = column(d, c);
      TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const Vec<T> x = broadcast(factor[r]);
        TIDEGATE_UNROLL
        for (int c = 0; c < kColumns; ++c) sums[c][r] = fma(x, w[c], sums[c][r]);
      }
    } else {
      Vec<T> x[Rows];
      TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r) x[r] = broadcast(factor[r]);
      TIDEGATE_UNROLL
      for (int c = 0; c < kColumns; ++c) {
        const Vec<T> w = column(d, c);
        TIDEGATE_UNROLL
        for (int r = 0; r < Rows; ++r) sums[c][r] = fma(x[r], w, sums[c][r]);
      }
    }
  }
  TIDEGATE_UNROLL
  for (int r = 0; r < Rows; ++r)
    TIDEGATE_UNROLL
    for (int c = 0; c < kColumns; ++c) store(gradient(c, r), sums[c][r]);
}

template <class T, int Vectors, int Last>
void outer_passes(const OuterArgs<T>& a) {
  constexpr int kMostPanels = kStrip > Vectors ? kStrip / Vectors : 1;
  with_constant<kMostPanels>(a.panels, [&](auto p) {
    constexpr int kMost = kMostSums / (p.value * Vectors), kMostRows = kMost < kRows ? kMost : kRows;
    for (int64_t begin = 0; begin < a.entries; begin += kEntriesOfPass) {
      const int64_t end = a.entries - begin < kEntriesOfPass ? a.entries : begin + kEntriesOfPass;
      for_each_block<kMostRows>(a.depth_end - a.depth_begin, [&](int64_t first, int64_t rows) {
        with_constant<kMostRows>(rows, [&](auto r) {
          outer_tile<T, r.value, p.value, Vectors, Last>(a, begin, end, a.depth_begin + first);
        });
      });
    }
  });
}

template <class T>
void outer_slots(const OuterArgs<T>& a) {
  switch (a.slots.vectors * 4 + a.slots.last) {
    case 1 * 4 + 0: return outer_passes<T, 1, 0>(a);
    case 1 * 4 + 2: return outer_passes<T, 1, 2>(a);
    case 2 * 4 + 1: return outer_passes<T, 2, 1>(a);
    case 3 * 4 + 2: return outer_passes<T, 3, 2>(a);
    case 3 * 4 + 3: return outer_passes<T, 3, 3>(a);
    default: return outer_passes<T, 4, 3>(a);
  }
}

template <class T>
void add_rows(const T* from, int64_t rows, int64_t stride, int64_t width, T* to) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t v = 0; v < width; ++v) to[v] += from[row * stride + v];
}

}  // namespace

void product(const ProductArgs<float>& a) { product_rows(a); }
void product(const ProductArgs<double>& a) { product_rows(a); }
void outer(const OuterArgs<float>& a) { outer_slots(a); }
void outer(const OuterArgs<double>& a) { outer_slots(a); }
void sum_rows(const float* from, int64_t rows, int64_t stride, int64_t width, float* to) {
  add_rows(from, rows, stride, width, to);
}
void sum_rows(const double* from, int64_t rows, int64_t stride, int64_t width, double* to) {
  add_rows(from, rows, stride, width, to);
}

}  // namespace tidegate::TIDEGATE_ISA
