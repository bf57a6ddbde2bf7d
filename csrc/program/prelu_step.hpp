// A leaky ReLU whose slopes are learned (He et al., ICCV 2015).
#pragma once

#include "program/program.hpp"

namespace tidegate {

// y = x above zero, and alpha x up to it, for rows of the shape of x without its first axis. alpha has as many axes;
// along those of length 1 its elements are shared.
template <class T>
void prelu(const Shape& input, const Shape& shape_of_alpha, const T* x, const T* alpha, T* y);

// d_x may be null.
template <class T>
void prelu_gradient(const Shape& input, const Shape& shape_of_alpha, const T* x, const T* alpha, const T* d_y, T* d_x,
                    T* d_alpha);

template <class T>
class PreluStep final : public Step<T> {
 public:
  PreluStep(Shape shape_of_alpha, const T* alpha);
  Shape output_shape(const Shape& input) const override;
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override { prelu(input, shape_, x, alpha_.data(), y); }
  bool streams() const override { return shape_.size() == 1 || shape_[0] == 1; }
  bool passes_mask() const override { return true; }
  size_t packed_bytes() const override { return alpha_.bytes(); }
  double flops(const Shape& input) const override { return 2.0 * elements(input); }
  Description describe(const Shape& input) const override;

 private:
  Shape shape_;
  Array<T> alpha_;
};

}  // namespace tidegate
