// Rows times packed columns, for layers that multiply whole matrices.
#pragma once

#include <algorithm>

#include "dispatch/dispatch.hpp"

namespace tidegate {

constexpr int64_t kRowsOfChunk = 96;

// y[r] = x[r] . columns (+ bias) for rows [begin, end), x [., depth] and y [., width].
template <class T>
void multiply(const KernelTable<T>& kernels, int64_t begin, int64_t end, const T* x, int64_t depth, const T* columns,
              const T* bias, T* y, int64_t width) {
  const T* from[kRowsOfChunk];
  T* to[kRowsOfChunk];
  for (int64_t first = begin; first < end; first += kRowsOfChunk) {
    const int64_t rows = std::min(kRowsOfChunk, end - first);
    for (int64_t i = 0; i < rows; ++i) {
      from[i] = x + (first + i) * depth;
      to[i] = y + (first + i) * width;
    }
    kernels.product({rows, from, Runs{1, 0, {0, 0}, {depth, 0}}, to, width, columns, bias, false});
  }
}

}  // namespace tidegate
