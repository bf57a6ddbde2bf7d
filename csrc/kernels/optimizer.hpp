// A pass over the elements of a weight, for the files that update it.
#pragma once

#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// Calls step(first, lanes) over [0, n) by whole vectors and one rest.
template <class T, class Step>
TIDEGATE_INLINE void for_each_vector(int64_t n, Step step) {
  for (int64_t i = 0; i < n; i += kLanes<T>) step(i, n - i);
}

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
