#include "program/normalization_steps.hpp"

#include <algorithm>
#include <cmath>

#include "program/lines.hpp"

namespace tidegate {
namespace {

Shape checked(const char* layer, const Shape& input, int64_t features) {
  if (input.size() < 2 || input.back() != features)
    refuse(layer, "shape (batch, ..., " + std::to_string(features) + ")", input);
  return input;
}

}  // namespace

template <class T>
Features<T>::Features(const T* from, int64_t n) : array_(from ? n : 0) {
  if (from) std::copy_n(from, n, array_.data());
}

template <class T>
LayerNormStep<T>::LayerNormStep(const InstructionSet& set, double epsilon, int64_t features, const T* gamma,
                                const T* beta)
    : set_(&set), epsilon_(epsilon), features_(features), gamma_(gamma, features), beta_(beta, features) {}

template <class T>
Shape LayerNormStep<T>::output_shape(const Shape& input) const {
  return checked("LayerNormalization", input, features_);
}

template <class T>
void LayerNormStep<T>::run(const Shape& input, const T* x, T* y) const {
  const int64_t rows = elements(input) / features_;
  layer_norm(*set_, rows, features_, epsilon_, x, gamma_.data(), beta_.data(), y, Array<T>(2 * rows).data());
}

template <class T>
BatchNormStep<T>::BatchNormStep(const InstructionSet& set, double epsilon, int64_t features, const T* gamma,
                                const T* beta, const T* mean, const T* variance)
    : set_(&set),
      features_(features),
      mean_(mean, features),
      beta_(beta, features),
      scaling_(features, epsilon, variance, gamma) {}

template <class T>
Shape BatchNormStep<T>::output_shape(const Shape& input) const {
  return checked("BatchNormalization", input, features_);
}

template <class T>
void BatchNormStep<T>::run(const Shape& input, const T* x, T* y) const {
  batch_norm(*set_, elements(input) / features_, features_, x, mean_.data(), scaling_.factor.data(), beta_.data(), y);
}

template <class T>
GroupNormStep<T>::GroupNormStep(const InstructionSet& set, double epsilon, int64_t groups, int64_t channels,
                                const T* gamma, const T* beta)
    : set_(&set),
      epsilon_(epsilon),
      groups_(groups),
      channels_(channels),
      gamma_(gamma, channels),
      beta_(beta, channels) {}

template <class T>
Groups GroupNormStep<T>::groups_of(const Shape& input, int64_t groups, double epsilon) {
  const int64_t batch = input[0], channels = input.back();
  return {batch, batch ? elements(input) / (batch * channels) : 0, groups, channels / groups, epsilon};
}

template <class T>
Shape GroupNormStep<T>::output_shape(const Shape& input) const {
  return checked("GroupNormalization", input, channels_);
}

template <class T>
void GroupNormStep<T>::run(const Shape& input, const T* x, T* y) const {
  group_norm(*set_, groups_of(input, groups_, epsilon_), x, gamma_.data(), beta_.data(), y,
             Array<T>(2 * input[0] * groups_).data());
}

template <class T>
RmsNormStep<T>::RmsNormStep(const InstructionSet& set, double epsilon, int64_t features, const T* scale)
    : set_(&set), epsilon_(epsilon), features_(features), scale_(scale, features) {}

template <class T>
Shape RmsNormStep<T>::output_shape(const Shape& input) const {
  return checked("RMSNormalization", input, features_);
}

template <class T>
void RmsNormStep<T>::run(const Shape& input, const T* x, T* y) const {
  const int64_t rows = elements(input) / features_;
  rms_norm(*set_, rows, features_, epsilon_, x, scale_.data(), y, Array<T>(rows).data());
}

namespace {

constexpr double kLargestInverse = 1e12;

template <class T>
double inverse_length(const InstructionSet& set, const T* x, int64_t n) {
  return std::min(1 / std::sqrt(table<T>(set).sum_of_squares(x, n)), kLargestInverse);
}

}  // namespace

Shape UnitLength::output_shape(const Shape& input) const { return with_axis("UnitNormalization", input, last); }

template <class T>
void UnitLength::forward(const InstructionSet& set, const Shape& input, const T* x, T* y) const {
  const Lines lines(input, first, last);
  for_each_line<T, 1>(lines, threads_for_elements(input), {x}, y, [&](int64_t, const auto& from, T* to) {
    const auto inverse = static_cast<T>(inverse_length(set, from[0], lines.n));
    for (int64_t i = 0; i < lines.n; ++i) to[i] = from[0][i] * inverse;
  });
}

// The length of y is one, unless its factor was the largest there is.
template <class T>
void UnitLength::backward(const InstructionSet& set, const Shape& input, const T* x, const T* y, const T* d_y,
                          T* d_x) const {
  const Lines lines(input, first, last);
  for_each_line<T, 3>(lines, threads_for_elements(input), {x, y, d_y}, d_x, [&](int64_t, const auto& from, T* to) {
    const double inverse = inverse_length(set, from[0], lines.n);
    double along = 0;
    for (int64_t i = 0; inverse < kLargestInverse && i < lines.n; ++i) along += double(from[1][i]) * from[2][i];
    for (int64_t i = 0; i < lines.n; ++i)
      to[i] = static_cast<T>(inverse) * (from[2][i] - from[1][i] * static_cast<T>(along));
  });
}

template void UnitLength::forward(const InstructionSet&, const Shape&, const float*, float*) const;
template void UnitLength::forward(const InstructionSet&, const Shape&, const double*, double*) const;
template void UnitLength::backward(const InstructionSet&, const Shape&, const float*, const float*, const float*,
                                   float*) const;
template void UnitLength::backward(const InstructionSet&, const Shape&, const double*, const double*, const double*,
                                   double*) const;
template class GroupNormStep<float>;
template class GroupNormStep<double>;
template class RmsNormStep<float>;
template class RmsNormStep<double>;
template class Features<float>;
template class Features<double>;
template class LayerNormStep<float>;
template class LayerNormStep<double>;
template class BatchNormStep<float>;
template class BatchNormStep<double>;

}  // namespace tidegate
