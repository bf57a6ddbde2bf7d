// Two recurrent layers, one upon the other: while one thread is at a block of timesteps of the first, another is at the
// block before in the second. For batches with too few rows for all threads.
#pragma once

#include "dispatch/forward_pass.hpp"

namespace tidegate {

template <class T>
struct StackedLayer {
  const RecurrentConfig& config;
  const PackedRecurrent<T>& weights;
};

// Whether two threads take a layer each rather than both of them one after the other; x of the first has this shape.
template <class T>
bool pays_as_wavefront(const StackedLayer<T>& first, const StackedLayer<T>& second, const RecurrentShape& shape);

// The second call reads what the first writes, and neither has a mask.
template <class T>
void forward(const StackedLayer<T>& first, const RecurrentForward<T>& call, const StackedLayer<T>& second,
             const RecurrentForward<T>& second_call);

}  // namespace tidegate
