// Normalizations as steps of a Program. Nothing of them is folded into a neighbour.
#pragma once

#include "dispatch/group_norm.hpp"
#include "dispatch/normalization.hpp"
#include "program/plain_step.hpp"

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

// x [B, ..., channels] with moments of each group of channels, over all axes but the batch's.
template <class T>
class GroupNormStep final : public Step<T> {
 public:
  // gamma and beta [channels] or null; `groups` divides the channels.
  GroupNormStep(const InstructionSet& set, double epsilon, int64_t groups, int64_t channels, const T* gamma,
                const T* beta);
  Shape output_shape(const Shape& input) const override;
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override;
  bool passes_mask() const override { return true; }
  size_t packed_bytes() const override { return gamma_.bytes() + beta_.bytes(); }
  double flops(const Shape& input) const override { return 10.0 * elements(input); }
  Description describe(const Shape& input) const override {
    return {.set = set_, .threads = groups_of(input, groups_, epsilon_).threads()};
  }
  static Groups groups_of(const Shape& input, int64_t groups, double epsilon);

 private:
  const InstructionSet* set_;
  double epsilon_;
  int64_t groups_, channels_;
  Features<T> gamma_, beta_;
};

template <class T>
class RmsNormStep final : public Step<T> {
 public:
  RmsNormStep(const InstructionSet& set, double epsilon, int64_t features, const T* scale);
  Shape output_shape(const Shape& input) const override;
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override;
  bool streams() const override { return true; }
  size_t packed_bytes() const override { return scale_.bytes(); }
  double flops(const Shape& input) const override { return 4.0 * elements(input); }
  Description describe(const Shape& input) const override {
    return {.set = set_, .threads = normalization_threads(elements(input) / features_, features_)};
  }

 private:
  const InstructionSet* set_;
  double epsilon_;
  int64_t features_;
  Features<T> scale_;
};

// Adjacent axes together, from `first` to `last`, over their Euclidean length, which counts as 1e-12 where it is less.
struct UnitLength {
  static constexpr bool kOfEachStep = true;
  int64_t first, last;

  Shape output_shape(const Shape& input) const;
  bool streams() const { return first >= 2; }
  template <class T>
  void forward(const InstructionSet&, const Shape& input, const T* x, T* y) const;
  template <class T>
  void backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y, T* d_x) const;
};

}  // namespace tidegate
