// Both directions of a Bidirectional and the merge of their outputs, as one step of a Program.
#pragma once

#include "dispatch/bidirectional.hpp"
#include "program/program.hpp"

namespace tidegate {

template <class T>
class BidirectionalStep final : public Step<T> {
 public:
  BidirectionalStep(Merge merge, RecurrentStep<T> forwards, RecurrentStep<T> backwards);
  Shape output_shape(const Shape& input) const override;
  void run(const Shape& input, const T* x, T* y) const override { run(input, x, y, {}); }
  void run(const Shape& input, const T* x, T* y, const Carried<T>& carried) const override;
  bool passes_mask() const override { return forwards_.passes_mask(); }
  size_t packed_bytes() const override { return forwards_.packed_bytes() + backwards_.packed_bytes(); }
  double flops(const Shape& input) const override { return forwards_.flops(input) + backwards_.flops(input); }
  Description describe(const Shape& input) const override;

 private:
  Direction<T> first() const { return {forwards_.config(), forwards_.weights()}; }
  Direction<T> second() const { return {backwards_.config(), backwards_.weights()}; }

  Merge merge_;
  RecurrentStep<T> forwards_, backwards_;
};

}  // namespace tidegate
