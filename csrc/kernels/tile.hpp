// The register tile that all products here are made of: some rows times some vectors of columns.
//
// The sums of a tile stay in registers while k runs over the depth of the product, one chain of fma per output in the
// order of k. So an output's bits depend on its own row and column only, never on the shape of the tile around it.
#pragma once

#include "kernels/args.hpp"
#include "kernels/factors.hpp"

namespace tidegate::TIDEGATE_ISA {

// Rows of a full tile. Fewer with SSE2, which few run: each number of rows is code of its own.
constexpr int kRows = kVectorBytes == 16 && kRegisters == 16 ? 4 : 6;

// Vectors of columns that lie side by side in memory and are multiplied together by a full tile. 32 registers: 6 x 4
// sums + 4 weights + 1 broadcast = 29. 16 registers: 6 x 2 sums + 2 weights + 1 broadcast = 15; wider and lower tiles
// would read weights faster than the L2 cache gives them.
constexpr int kStrip = kRegisters == 32 ? 4 : 2;

// Sums that registers hold beside the factors of their products.
constexpr int kMostSums = 6 * kStrip;

// Weights [Panels, depth, Vectors, L] of a product, a panel in strips: [strip][depth][<= kStrip][L]. Behind them may be
// a tail, a panel of one strip.
template <class Element>
struct Columns {
  const Element* data;
  int64_t panel_stride, depth;
};

// Adds to the first Count sums of each panel, and to the tail's: sum over k of a[r][k] * column First + v of the panel,
// whose columns are Vectors; the tail's are Tail. `sums` holds those of Panels panels, as many of each, and then those
// of the tail. The factors are those of factors.hpp.
template <class Factors, int Vectors, int First, int Count, int Panels, int Tail, int Rows, int Held>
TIDEGATE_INLINE void accumulate(typename Factors::Sum (&sums)[Held][Rows],
                                const typename Factors::Element* const (&a)[Rows],
                                const Columns<typename Factors::Element>& columns) {
  using Element = typename Factors::Element;
  constexpr int L = kLanes<Element>, kFirstStrip = First / kStrip,
                kStrips = (First + Count - 1) / kStrip - kFirstStrip + 1, kOfPanels = Panels * Count,
                kColumns = kOfPanels + Tail, kHeldOfPanel = (Held - Tail) / (Panels > 0 ? Panels : 1);
  const Element* strip[Panels + 1][kStrips];
  [[maybe_unused]] const Element* tail = columns.data + Panels * columns.panel_stride;
  TIDEGATE_UNROLL
  for (int p = 0; p < Panels; ++p)
    TIDEGATE_UNROLL
    for (int s = 0; s < kStrips; ++s)
      strip[p][s] = columns.data + p * columns.panel_stride + (kFirstStrip + s) * kStrip * L * columns.depth;

  const auto weight = [&](int c) TIDEGATE_INLINE_MEMBER {
    if (c >= kOfPanels) return Factors::weights(tail + (c - kOfPanels) * L);
    const int column = First + c % Count;
    return Factors::weights(strip[c / Count][column / kStrip - kFirstStrip] + column % kStrip * L);
  };
  const auto sum = [&](int c, int r) TIDEGATE_INLINE_MEMBER -> typename Factors::Sum& {
    return sums[c < kOfPanels ? c / Count * kHeldOfPanel + c % Count : Held - kColumns + c][r];
  };
  // Unrolled, since the loop's own instructions compete with fma for two of the ports.
#pragma GCC unroll 4
  for (int64_t k = 0; k < columns.depth; ++k) {
    if constexpr (kColumns <= Rows) {
      decltype(weight(0)) w[kColumns];
      TIDEGATE_UNROLL
      for (int c = 0; c < kColumns; ++c) w[c] = weight(c);
      TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const auto x = Factors::spread(a[r][k]);
        TIDEGATE_UNROLL
        for (int c = 0; c < kColumns; ++c) sum(c, r) = Factors::add(x, w[c], sum(c, r));
      }
    } else {
      decltype(Factors::spread(a[0][0])) x[Rows];
      TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r) x[r] = Factors::spread(a[r][k]);
      TIDEGATE_UNROLL
      for (int c = 0; c < kColumns; ++c) {
        const auto w = weight(c);
        TIDEGATE_UNROLL
        for (int r = 0; r < Rows; ++r) sum(c, r) = Factors::add(x[r], w, sum(c, r));
      }
    }
    TIDEGATE_UNROLL
    for (int p = 0; p < Panels; ++p)
      TIDEGATE_UNROLL
      for (int s = 0; s < kStrips; ++s) {
        const int width = Vectors - (kFirstStrip + s) * kStrip;
        strip[p][s] += (width < kStrip ? width : kStrip) * L;
      }
    tail += Tail * L;
  }
}

// Calls block(first, rows) for all n rows, at most `Most` at a time. A tile of one or two rows waits for its own
// results, so Most + 1 and Most + 2 rows are halved.
template <int Most, class Block>
TIDEGATE_INLINE void for_each_block(int64_t n, Block block) {
  for (int64_t first = 0, rows; first < n; first += rows) {
    const int64_t left = n - first;
    rows = left <= Most ? left : left <= Most + 2 ? (left + 1) / 2 : Most;
    block(first, rows);
  }
}

// Calls f with a compile-time copy of rows, 1 <= rows <= Most.
template <int N>
struct Constant {
  static constexpr int value = N;
};

template <int Most, class F>
TIDEGATE_INLINE void with_constant(int64_t rows, F f) {
  if constexpr (Most > 1) {
    if (rows < Most) return with_constant<Most - 1>(rows, f);
  }
  f(Constant<Most>{});
}

}  // namespace tidegate::TIDEGATE_ISA
