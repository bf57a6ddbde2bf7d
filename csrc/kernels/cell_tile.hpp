// The sums of a tile of a cell: some rows times the vectors of some panels, and perhaps of a tail behind them.
//
// A tile starts from the bias, or from what the input product has left, and adds x . kernel and h . recurrent_kernel. A
// tail's gates are side by side in its vectors; spread_tail() brings them to where those of other panels are.
#pragma once

#include "kernels/cell.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class Factors, class Cell, int Rows>
struct CellTile {
  using T = typename Factors::State;
  using Element = typename Factors::Element;
  static constexpr CellLayout kLayout = layout_of(Cell::kCell);
  static constexpr int L = kLanes<T>, S = kLayout.sums;

  const ForwardArgs<T>& a;
  int64_t panel = 0;
  int64_t features = 0, units = 0;  // depths of the products, in elements
  // The rows of the products, and of the sums before and after them: [Panels, S, L] with a stride between panels.
  const Element *x[Rows] = {}, *h[Rows] = {};
  const T* x_scale[Rows] = {};  // what the numbers of such a row count for
  const T* from[Rows] = {};
  T* to[Rows] = {};
  int64_t from_stride = 0, to_stride = 0;

  explicit CellTile(const ForwardArgs<T>& args) : a(args) {}

  // Vectors of columns of a stage's products: the first stage has the input's product too.
  template <int Stage>
  static constexpr int kVectors = Stage == 0 ? kLayout.input.vectors : kLayout.recurrent[Stage].vectors;

  // Vectors of one panel that registers hold the sums of.
  template <int Stage>
  static constexpr int kAtOnce = kMostSums / Rows < kVectors<Stage> ? kMostSums / Rows : kVectors<Stage>;

  // All vectors of a tile, from `First` on, in as many turns as registers need to hold the sums.
  template <int Stage, int First, int Panels, int Tail>
  TIDEGATE_INLINE_MEMBER void multiply() const {
    constexpr int left = kVectors<Stage> - First, count = left < kAtOnce<Stage> ? left : kAtOnce<Stage>;
    if constexpr (Rows * (Panels * count + Tail) <= kMostSums) {
      multiply_vectors<Stage, First, count, Panels, Tail>(0);
    } else {
    TIDEGATE_UNROLL
      for (int p = 0; p < Panels; ++p) multiply_vectors<Stage, First, count, 1, 0>(p);
    }
    if constexpr (count < left && Panels > 0) multiply<Stage, First + count, Panels, 0>();
  }

  // Vectors [First, First + Count) of Panels panels of a tile, which has `skip` panels before them, and of a tail.
  template <int Stage, int First, int Count, int Panels, int Tail>
  TIDEGATE_INLINE_MEMBER void multiply_vectors(int skip) const {
    constexpr Slots input = kLayout.input, recurrent = kLayout.recurrent[Stage];
    constexpr int recurrent_left = recurrent.vectors - First;
    constexpr int recurrent_count = recurrent_left < Count ? recurrent_left : Count;
    const int64_t first_panel = panel + skip;
    Vec<T> sums[Panels * Count + Tail][Rows];
    const auto for_each_sum = [&](auto f) TIDEGATE_INLINE_MEMBER {
      TIDEGATE_UNROLL
      for (int p = 0; p < Panels; ++p)
        TIDEGATE_UNROLL
        for (int v = 0; v < Count; ++v)
          TIDEGATE_UNROLL
          for (int r = 0; r < Rows; ++r) f(sums[p * Count + v][r], p + skip, First + v, r);
    };
    const auto for_each_of_tail = [&](auto f) TIDEGATE_INLINE_MEMBER {
      TIDEGATE_UNROLL
      for (int v = 0; v < Tail; ++v)
        TIDEGATE_UNROLL
        for (int r = 0; r < Rows; ++r) f(sums[Panels * Count + v][r], v, r);
    };
    const auto tail_to = [&](int v, int r) TIDEGATE_INLINE_MEMBER { return to[r] + Panels * to_stride + v * L; };
    for_each_sum([&](Vec<T>& sum, int p, int v, int r) TIDEGATE_INLINE_MEMBER {
      sum = load(from[r] + p * from_stride + (Stage > 0 ? recurrent : input).slot(v) * L);
    });
    for_each_of_tail([&](Vec<T>& sum, int v, int r) TIDEGATE_INLINE_MEMBER {
      sum = load(from[r] + Panels * from_stride + v * L);
    });
    if constexpr (Stage == 0) {
      add_product<input.vectors, First, Count, Panels, Tail>(
          sums, x, columns<input.vectors>(a.weights.kernel, first_panel, a.features, features),
          a.weights.kernel_columns.of(first_panel, input.vectors, L), [&](int r) { return *x_scale[r]; });
      // A recurrent share that is a sum of its own starts from its bias.
      for_each_sum([&](Vec<T>& sum, int p, int v, int r) TIDEGATE_INLINE_MEMBER {
        if (v >= recurrent.vectors || input.slot(v) == recurrent.slot(v)) return;
        store(to[r] + p * to_stride + input.slot(v) * L, sum);
        sum = load(bias_of(panel + p) + recurrent.slot(v) * L);
      });
      if constexpr (kTailShare<Tail> > 0)
        for_each_of_tail([&](Vec<T>& sum, int v, int r) TIDEGATE_INLINE_MEMBER {
          store(tail_to(v, r), sum);
          const Vec<T> share = load(bias_of(first_panel + Panels) + (kTailShare<Tail> + v) * L);
          sum = lanes_from(v * L) < (recurrent.vectors - 1) * Tail * L / 4 ? sum : share;
        });
    }
    if constexpr (recurrent_count > 0)
      add_product<recurrent.vectors, First, recurrent_count, Panels, Tail>(
          sums, h, columns<recurrent.vectors>(a.weights.recurrent[Stage], first_panel, a.units, units),
          a.weights.recurrent_columns[Stage].of(first_panel, recurrent.vectors, L), [](int) { return Factors::kStateScale; });
    for_each_sum([&](Vec<T> sum, int p, int v, int r) TIDEGATE_INLINE_MEMBER {
      store(to[r] + p * to_stride + (v < recurrent.vectors ? recurrent : input).slot(v) * L, sum);
    });
    for_each_of_tail([&](Vec<T> sum, int v, int r)
                         TIDEGATE_INLINE_MEMBER { store(tail_to(kTailShare<Tail> + v, r), sum); });
  }

  template <int Tail>
  static constexpr int kTailShare = vectors_before_share(kLayout, Tail);

  // first, first + 1, ...
  static TIDEGATE_INLINE_MEMBER Bits<T> lanes_from(int first) {
    Bits<T> lanes;
    TIDEGATE_UNROLL
    for (int i = 0; i < L; ++i) lanes[i] = first + i;
    return lanes;
  }

  // The gates of a tail to where those of other panels are.
  template <int Tail>
  static TIDEGATE_INLINE_MEMBER void spread_tail(T* sums) {
    Vec<T> vectors[S], gates[S];
    TIDEGATE_UNROLL
    for (int s = 0; s < S; ++s) vectors[s] = load(sums + s * L);
    const auto gate = [&](int first, int v) TIDEGATE_INLINE_MEMBER {
      const int quarter = v * Tail, at = first + quarter / 4, next = at < S - 1 ? at + 1 : at;
      return slide(vectors[at], vectors[next], quarter % 4 * L / 4, Tail * L / 4);
    };
    constexpr Slots input = kLayout.input, recurrent = kLayout.recurrent[0];
    TIDEGATE_UNROLL
    for (int v = 0; v < input.vectors; ++v) gates[input.slot(v)] = gate(0, v);
    TIDEGATE_UNROLL
    for (int v = 0; v < recurrent.vectors; ++v) gates[recurrent.slot(v)] = gate(kTailShare<Tail>, v);
    TIDEGATE_UNROLL
    for (int s = 0; s < S; ++s) store(sums + s * L, gates[s]);
  }

  // Adds a product to the sums: at once, or as dot products of whole numbers that count for `scale(row)` times the
  // scale of their column.
  template <int Vectors, int First, int Count, int Panels, int Tail, int Held, class Scale>
  static TIDEGATE_INLINE_MEMBER void add_product(Vec<T> (&sums)[Held][Rows], const Element* const (&rows)[Rows],
                                                 const Columns<Element>& weights, const ColumnScales& scales,
                                                 Scale scale) {
    if constexpr (!Factors::kScaled) {
      accumulate<Factors, Vectors, First, Count, Panels, Tail>(sums, rows, weights);
    } else if (weights.depth > 0) {
      typename Factors::Sum dots[Held][Rows];
      const auto of_column = [&](int c) TIDEGATE_INLINE_MEMBER { return (c / Count * Vectors + First + c % Count) * L; };
      TIDEGATE_UNROLL
      for (int c = 0; c < Held; ++c)
        TIDEGATE_UNROLL
        for (int r = 0; r < Rows; ++r) dots[c][r] = Factors::load_sum(scales.start + of_column(c));
      accumulate<Factors, Vectors, First, Count, Panels, Tail>(dots, rows, weights);
      TIDEGATE_UNROLL
      for (int c = 0; c < Held; ++c) {
        const Vec<T> factor = load(scales.scale + of_column(c));
        TIDEGATE_UNROLL
        for (int r = 0; r < Rows; ++r)
          sums[c][r] = fma(Factors::value(dots[c][r]), factor * broadcast(scale(r)), sums[c][r]);
      }
    }
  }

  // Of packed weights [P, depth, Vectors, L] from a panel on; `depth` elements of them take part, all or none.
  template <int Vectors>
  static Columns<Element> columns(const void* packed, int64_t panel, int64_t numbers_of_panel, int64_t depth) {
    const int64_t stride = elements<Factors>(numbers_of_panel) * Vectors * L;
    return {static_cast<const Element*>(packed) + panel * stride, stride, depth};
  }

  const T* bias_of(int64_t of_panel) const { return a.weights.bias + of_panel * S * L; }
};

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
