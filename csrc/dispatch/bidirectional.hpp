// Two recurrent layers that read a sequence from its two ends: one pass of one team over both, outputs merged.
#pragma once

#include "dispatch/forward_pass.hpp"

namespace tidegate {

// What becomes of the outputs y and y' of the two directions: side by side, y + y', y * y', (y + y') / 2.
enum class Merge { concat, sum, mul, ave };

// y[i] = y[i] merged with other[i]; not for concat, which is a matter of strides.
template <class T>
void merge(Merge how, const T* other, int64_t n, T* y);

template <class T>
struct Direction {
  const RecurrentConfig& config;
  const PackedRecurrent<T>& weights;
};

struct BidirectionalPlan {
  int threads;
  bool apart;  // each half of the team takes one direction, instead of all of it one after the other
  ForwardPlan first, second;
};

// The batch must not be empty.
template <class T>
BidirectionalPlan plan_forward(const Direction<T>& first, const Direction<T>& second, const RecurrentShape&);

// x [B, T, F] -> y [B, T, W], or [B, W] without return_sequences, which both directions agree on. W is the sum of both
// units for concat, and otherwise the units of either. The second direction's sequence is turned round in time, so that
// a step of y is about one step of x. mask is [B, T] or null.
template <class T>
void forward(Merge how, const Direction<T>& first, const Direction<T>& second, const RecurrentShape&, const T* x,
             const uint8_t* mask, T* y);

}  // namespace tidegate
