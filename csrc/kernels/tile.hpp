// The register tile that all products here are made of: some rows times some vectors of columns.
//
// The sums of a tile stay in registers while k runs over the depth of the product, one chain of fma per output in the
// order of k. So an output's bits depend on its own row and column only, never on the shape of the tile around it.
#pragma once

#include "kernels/args.hpp"
#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {

// Rows of a full tile of four vectors. 32 registers: 6 x 4 sums + 4 weights + 1 broadcast = 29. 16 registers: 3 x 4
// sums + 3 broadcasts + 1 weight = 16.
constexpr int kRows = kRegisters == 32 ? 6 : 3;

// With this many rows or fewer there are registers for two panels, which hides the latency of fma.
constexpr int kRowsOfTwoPanels = kRows / 2;

template <class T, int Rows, int Panels>
using Sums = Vec<T>[Panels][kSums][Rows];

// sums[p][slot of v][r] += sum over k of a[r][k] * weights[p][k][v], weights [depth, Vectors, L] a panel.
template <class T, int Rows, int Panels, int Vectors, int Last>
TIDEGATE_INLINE void accumulate(Sums<T, Rows, Panels>& sums, const T* const (&a)[Rows], const T* weights,
                                int64_t panel_stride, int64_t depth) {
  constexpr int L = kLanes<T>;
  // Unrolled, since the loop's own instructions compete with fma for two of the ports.
#pragma GCC unroll 4
  for (int64_t k = 0; k < depth; ++k, weights += Vectors * L) {
    if constexpr (kRegisters == 32) {
      Vec<T> w[Panels][Vectors];
  TIDEGATE_UNROLL
      for (int p = 0; p < Panels; ++p)
        TIDEGATE_UNROLL
        for (int v = 0; v < Vectors; ++v) w[p][v] = load(weights + p * panel_stride + v * L);
      TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const Vec<T> x = broadcast(a[r][k]);
        TIDEGATE_UNROLL
        for (int p = 0; p < Panels; ++p)
          TIDEGATE_UNROLL
          for (int v = 0; v < Vectors; ++v)
            sums[p][Slots{Vectors, Last}.slot(v)][r] = fma(x, w[p][v], sums[p][Slots{Vectors, Last}.slot(v)][r]);
      }
    } else {
      Vec<T> x[Rows];
      TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r) x[r] = broadcast(a[r][k]);
      TIDEGATE_UNROLL
      for (int p = 0; p < Panels; ++p)
        TIDEGATE_UNROLL
        for (int v = 0; v < Vectors; ++v) {
          const Vec<T> w = load(weights + p * panel_stride + v * L);
          TIDEGATE_UNROLL
          for (int r = 0; r < Rows; ++r)
            sums[p][Slots{Vectors, Last}.slot(v)][r] = fma(x[r], w, sums[p][Slots{Vectors, Last}.slot(v)][r]);
        }
    }
  }
}

// Calls block(first, rows) for blocks of at most kRows that divide n evenly: 16 rows are 6 + 5 + 5, without an orphan.
template <class Block>
TIDEGATE_INLINE void for_each_block(int64_t n, Block block) {
  const int64_t blocks = (n + kRows - 1) / kRows;
  int64_t first = 0;
  for (int64_t i = 0; i < blocks; ++i) {
    const int64_t rows = n / blocks + (i < n % blocks);
    block(first, rows);
    first += rows;
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
