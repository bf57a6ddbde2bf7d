// An activation function as a layer of its own.
#pragma once

#include "program/plain_step.hpp"

namespace tidegate {

// y = f(x) element by element; softmax and log_softmax over the last axis.
struct Activate {
  static constexpr bool kOfEachStep = true;
  Activation f;

  Shape output_shape(const Shape& input) const { return input; }
  int threads(const Shape& input) const;
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

}  // namespace tidegate
