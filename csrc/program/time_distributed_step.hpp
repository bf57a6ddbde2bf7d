// Another step on every timestep alone: [B, T, ...] are B T rows to it.
#pragma once

#include <stdexcept>
#include <string>

#include "program/program.hpp"

namespace tidegate {

template <class T>
class TimeDistributedStep final : public Step<T> {
 public:
  explicit TimeDistributedStep(std::unique_ptr<Step<T>> inner) : inner_(std::move(inner)) {}

  Shape output_shape(const Shape& input) const override {
    if (input.size() < 3)
      throw std::invalid_argument("TimeDistributed: argument `x` expected rank 3 or more, received rank " +
                                  std::to_string(input.size()) + ".");
    Shape output = inner_->output_shape(rows(input));
    output[0] = input[1];
    output.insert(output.begin(), input[0]);
    return output;
  }
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override { inner_->run(rows(input), x, y); }
  bool streams() const override { return true; }
  bool passes_mask() const override { return true; }
  bool only_reshapes() const override { return inner_->only_reshapes(); }
  size_t packed_bytes() const override { return inner_->packed_bytes(); }
  double flops(const Shape& input) const override { return inner_->flops(rows(input)); }
  Description describe(const Shape& input) const override { return inner_->describe(rows(input)); }

 private:
  static Shape rows(const Shape& input) {
    Shape shape(input.begin() + 1, input.end());
    shape[0] *= input[0];
    return shape;
  }

  std::unique_ptr<Step<T>> inner_;
};

}  // namespace tidegate
