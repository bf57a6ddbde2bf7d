// Weights of float32 as narrower numbers, for products whose factors are narrow: see kernels/table.hpp.
#pragma once

#include "dispatch/dispatch.hpp"
#include "runtime/memory.hpp"

namespace tidegate {

// Elements that hold so many numbers.
inline int64_t elements_of(const NarrowTable& table, int64_t numbers) {
  return (numbers + table.numbers - 1) / table.numbers;
}

// A matrix whose columns run along the depth, several numbers in an element.
struct NarrowMatrix {
  NarrowMatrix() = default;
  // From [depth, width]. Where numbers are whole, throws std::invalid_argument for a weight that is not finite, and for
  // a depth whose sums could overflow.
  NarrowMatrix(const NarrowTable& table, const float* from, int64_t depth, int64_t width);

  Array<float> elements;  // [elements, width]: their bits, so that what packs floats packs them
  Array<float> scale;     // [width]: what a whole number of each column counts for,
  Array<float> start;     // and the bits of the int32 that a dot product starts from
};

}  // namespace tidegate
