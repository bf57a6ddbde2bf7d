// A whole model as a flat list of native steps with packed weights. Immutable once made: any number of threads may run
// it at the same time, each with scratch memory of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dispatch/dense.hpp"
#include "dispatch/recurrent.hpp"

namespace tidegate {

// Extents of an array, the batch first.
using Shape = std::vector<int64_t>;

// Throws std::bad_alloc where there are more than memory could hold.
int64_t elements(const Shape& shape);

// Throws std::invalid_argument: what `layer` expected of its input, and the shape that came.
[[noreturn]] void refuse(const char* layer, const std::string& expected, const Shape& received);

template <class T>
class Step {
 public:
  virtual ~Step() = default;
  // Throws std::invalid_argument for a shape that the step cannot take.
  virtual Shape output_shape(const Shape& input) const = 0;
  virtual void run(const Shape& input, const T* x, T* y) const = 0;
  // Whether the output is the input under another shape: such a step is not run, and nothing is copied for it.
  virtual bool only_reshapes() const { return false; }
  virtual size_t packed_bytes() const = 0;
  virtual double flops(const Shape& input) const = 0;
};

template <class T>
class RecurrentStep final : public Step<T> {
 public:
  RecurrentStep(const RecurrentConfig& config, PackedRecurrent<T> weights);
  Shape output_shape(const Shape& input) const override;
  void run(const Shape& input, const T* x, T* y) const override;
  size_t packed_bytes() const override { return weights_.bytes(); }
  double flops(const Shape& input) const override;

 private:
  RecurrentConfig config_;
  PackedRecurrent<T> weights_;
};

template <class T>
class DenseStep final : public Step<T> {
 public:
  DenseStep(const DenseConfig& config, PackedDense<T> weights);
  Shape output_shape(const Shape& input) const override;
  void run(const Shape& input, const T* x, T* y) const override;
  size_t packed_bytes() const override { return weights_.bytes(); }
  double flops(const Shape& input) const override;

 private:
  DenseConfig config_;
  PackedDense<T> weights_;
};

template <class T>
class Program {
 public:
  using Steps = std::vector<std::unique_ptr<Step<T>>>;

  explicit Program(Steps steps) : steps_(std::move(steps)) {}

  // The shapes before each step and after the last.
  std::vector<Shape> shapes(const Shape& input) const;
  double flops(const std::vector<Shape>& shapes) const;
  void run(const std::vector<Shape>& shapes, const T* x, T* y) const;
  size_t packed_bytes() const;

 private:
  Steps steps_;
};

}  // namespace tidegate
