// Masking: which timesteps of a sequence count, seen from their values.
#pragma once

#include "program/plain_step.hpp"

namespace tidegate {

// A step of x [B, T, F] whose features all equal `value` is masked: zeros in y, and 0 in the mask.
struct MaskSteps {
  static constexpr bool kOfEachStep = true;
  double value;

  Shape output_shape(const Shape& input) const;
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
  // [B, T]
  template <class T>
  Array<uint8_t> mask(const Shape& input, const T* x) const;
};

}  // namespace tidegate
