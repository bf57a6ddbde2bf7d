// Activation functions as layers of their own.
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

// y = min(x, most) above the threshold, and slope (x - threshold) up to it.
struct Rectify {
  static constexpr bool kOfEachStep = true;
  double slope, threshold, most;

  Shape output_shape(const Shape& input) const { return input; }
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

// y = x above zero, and alpha (exp(x) - 1) up to it (Clevert et al., ICLR 2016).
struct ScaledElu {
  static constexpr bool kOfEachStep = true;
  double alpha;

  Shape output_shape(const Shape& input) const { return input; }
  int threads(const Shape& input) const { return Activate{Activation::elu}.threads(input); }
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

// Softmax along adjacent axes together, from `first` to `last`.
struct SoftmaxOver {
  static constexpr bool kOfEachStep = true;
  int64_t first, last;

  Shape output_shape(const Shape& input) const;
  bool streams() const { return first >= 2; }
  int threads(const Shape& input) const { return Activate{Activation::softmax}.threads(input); }
  template <class T>
  void forward(const InstructionSet& set, const Shape& input, const T* x, T* y) const {
    forward_of(set, input, x, nullptr, y);
  }
  // Of the elements that count: where the mask, shaped as x and perhaps null, is 0, the share is zero.
  template <class T>
  void forward_of(const InstructionSet&, const Shape& input, const T* x, const uint8_t* mask, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

}  // namespace tidegate
