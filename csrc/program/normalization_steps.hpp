// Layer and batch normalization over the last axis as steps of a Program. Nothing of them is folded into a neighbour.
#pragma once

#include "dispatch/normalization.hpp"
#include "program/program.hpp"

namespace tidegate {

// A weight of F features that may be absent: null then.
template <class T>
class Features {
 public:
  Features() = default;
  Features(const T* from, int64_t n);
  const T* data() const { return array_.size() ? array_.data() : nullptr; }
  size_t bytes() const { return array_.bytes(); }

 private:
  Array<T> array_;
};

template <class T>
class LayerNormStep final : public Step<T> {
 public:
  // gamma and beta [F] or null.
  LayerNormStep(const InstructionSet& set, double epsilon, int64_t features, const T* gamma, const T* beta);
  Shape output_shape(const Shape& input) const override;
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override;
  bool streams() const override { return true; }
  bool passes_mask() const override { return true; }
  size_t packed_bytes() const override { return gamma_.bytes() + beta_.bytes(); }
  double flops(const Shape& input) const override { return 10.0 * elements(input); }
  Description describe(const Shape& input) const override {
    return {.set = set_, .threads = normalization_threads(elements(input) / features_, features_)};
  }

 private:
  const InstructionSet* set_;
  double epsilon_;
  int64_t features_;
  Features<T> gamma_, beta_;
};

template <class T>
class BatchNormStep final : public Step<T> {
 public:
  // With the moving mean and variance [F]; gamma and beta [F] or null.
  BatchNormStep(const InstructionSet& set, double epsilon, int64_t features, const T* gamma, const T* beta,
                const T* mean, const T* variance);
  Shape output_shape(const Shape& input) const override;
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override;
  bool streams() const override { return true; }
  bool passes_mask() const override { return true; }
  size_t packed_bytes() const override { return mean_.bytes() + beta_.bytes() + scaling_.factor.bytes(); }
  double flops(const Shape& input) const override { return 4.0 * elements(input); }
  Description describe(const Shape& input) const override {
    return {.set = set_, .threads = normalization_threads(elements(input) / features_, features_)};
  }

 private:
  const InstructionSet* set_;
  int64_t features_;
  Features<T> mean_, beta_;
  Scaling<T> scaling_;
};

}  // namespace tidegate
