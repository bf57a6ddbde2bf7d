// Two steps one after the other as one, for a layer that is made of them.
#pragma once

#include "program/program.hpp"

namespace tidegate {

template <class T>
class ChainStep final : public Step<T> {
 public:
  ChainStep(std::unique_ptr<Step<T>> first, std::unique_ptr<Step<T>> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  Shape output_shape(const Shape& input) const override { return second_->output_shape(first_->output_shape(input)); }
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override {
    const Shape between = first_->output_shape(input);
    const Array<T> middle(elements(between));
    first_->run(input, x, middle.data());
    second_->run(between, middle.data(), y);
  }
  bool streams() const override { return first_->streams() && second_->streams(); }
  bool passes_mask() const override { return first_->passes_mask() && second_->passes_mask(); }
  size_t packed_bytes() const override { return first_->packed_bytes() + second_->packed_bytes(); }
  double flops(const Shape& input) const override {
    return first_->flops(input) + second_->flops(first_->output_shape(input));
  }
  // That of the second, which has most of the work.
  Description describe(const Shape& input) const override { return second_->describe(first_->output_shape(input)); }

 private:
  std::unique_ptr<Step<T>> first_, second_;
};

}  // namespace tidegate
