#include "program/normalization_steps.hpp"

#include <algorithm>

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

template class Features<float>;
template class Features<double>;
template class LayerNormStep<float>;
template class LayerNormStep<double>;
template class BatchNormStep<float>;
template class BatchNormStep<double>;

}  // namespace tidegate
