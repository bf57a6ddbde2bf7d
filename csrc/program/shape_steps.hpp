// Layers that move elements and compute nothing: Reshape (and Flatten), RepeatVector, UpSampling1D, Permute, and
// ZeroPadding1D and Cropping1D.
#pragma once

#include "program/plain_step.hpp"

namespace tidegate {

// The same elements under another shape: [B, ...] -> [B, *target], where one extent of the target may be -1.
template <class T>
class ReshapeStep final : public Step<T> {
 public:
  explicit ReshapeStep(Shape target) : target_(std::move(target)) {}
  Shape output_shape(const Shape& input) const override;
  using Step<T>::run;
  void run(const Shape&, const T*, T*) const override {}
  bool only_reshapes() const override { return true; }
  size_t packed_bytes() const override { return 0; }
  double flops(const Shape&) const override { return 0; }
  Description describe(const Shape&) const override { return {.runs = "as a shape"}; }

 private:
  Shape target_;
};

// x [B, F] -> y [B, n, F]
struct Repeat {
  static constexpr bool kOfEachStep = false;
  int64_t n;

  Shape output_shape(const Shape& input) const;
  int threads(const Shape&) const { return 1; }
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

// Each step n times: x [B, T, F] -> y [B, T n, F]
struct RepeatSteps {
  static constexpr bool kOfEachStep = false;
  int64_t n;

  Shape output_shape(const Shape& input) const;
  int threads(const Shape&) const { return 1; }
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

// Steps of zeros before and after a sequence; of a negative number, as many steps of it are left out.
struct Pad {
  static constexpr bool kOfEachStep = false;
  int64_t before, after;

  Shape output_shape(const Shape& input) const;
  int threads(const Shape&) const { return 1; }
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

// Axis 1 + i of y is axis dims[i] of x, counted from 1.
struct Permutation {
  static constexpr bool kOfEachStep = false;
  std::vector<int64_t> dims;

  Shape output_shape(const Shape& input) const;
  int threads(const Shape&) const { return 1; }
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

}  // namespace tidegate
