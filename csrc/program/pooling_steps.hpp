// Pooling over time, [B, T, F] -> [B, T', F] or, over the whole of it, [B, F].
#pragma once

#include "program/plain_step.hpp"

namespace tidegate {

// Windows of `size` steps, `stride` apart. Padding `same` begins and ends with windows that reach beyond the sequence,
// so that there are ceil(T / stride).
struct Windows {
  int64_t size, stride;
  bool same;

  int64_t count(int64_t timesteps) const;
};

// The maximum of every window.
struct MaxPool {
  static constexpr bool kOfEachStep = false;
  Windows windows;

  Shape output_shape(const Shape& input) const;
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  // Where several steps of a window are its maximum, the first has the gradient.
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

// The mean of every window, of those of its steps that are in the sequence.
struct AveragePool {
  static constexpr bool kOfEachStep = false;
  Windows windows;

  Shape output_shape(const Shape& input) const;
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

// The maximum of all steps. Where several are, they share the gradient.
struct GlobalMaxPool {
  static constexpr bool kOfEachStep = false;
  bool keepdims;  // an axis of one step stays

  Shape output_shape(const Shape& input) const;
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

// The mean of all steps, or of those with mask [B, T] != 0.
struct GlobalAveragePool {
  static constexpr bool kOfEachStep = false;
  bool keepdims;

  Shape output_shape(const Shape& input) const;
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y, const uint8_t* mask = nullptr) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* d_y, T* d_x, const uint8_t* mask = nullptr) const;
};

}  // namespace tidegate
