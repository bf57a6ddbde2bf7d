#include "program/embedding_step.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace tidegate {
namespace {

std::string text(double id) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.15g", id);
  return digits;
}

}  // namespace

template <class T>
void check_ids(const T* ids, int64_t n, int64_t input_dim) {
  const int64_t at = first_wrong_id(ids, n, input_dim);
  if (at < n)
    throw std::invalid_argument("Embedding: argument `x` expected whole numbers from 0 to " +
                                std::to_string(input_dim - 1) + ", received " + text(ids[at]) + ".");
}

template <class T>
Array<uint8_t> mask_of_ids(const T* ids, int64_t n) {
  Array<uint8_t> mask(n);
  std::transform(ids, ids + n, mask.data(), [](T id) { return id != 0; });
  return mask;
}

template <class T>
EmbeddingStep<T>::EmbeddingStep(Packing& packing, int64_t input_dim, int64_t output_dim, bool mask_zero, const T* table)
    : input_dim_(input_dim), output_dim_(output_dim), mask_zero_(mask_zero) {
  const int64_t n = input_dim * output_dim;
  if (table) table_ = packing.array<T>(n, [&](T* to) { std::copy_n(table, n, to); });
}

template <class T>
Shape EmbeddingStep<T>::output_shape(const Shape& input) const {
  if (input.empty()) refuse("Embedding", "an axis of samples", input);
  if (mask_zero_ && input.size() != 2) refuse("Embedding with mask_zero", "shape (batch, timesteps)", input);
  Shape output = input;
  output.push_back(output_dim_);
  return output;
}

template <class T>
void EmbeddingStep<T>::run(const Shape& input, const T* x, T* y) const {
  const int64_t n = elements(input);
  check_ids(x, n, input_dim_);
  gather(table_.data(), output_dim_, x, n, y);
}

template <class T>
Array<uint8_t> EmbeddingStep<T>::make_mask(const Shape& input, const T* x) const {
  if (only_reshapes()) check_ids(x, elements(input), input_dim_);
  return mask_zero_ ? mask_of_ids(x, elements(input)) : Array<uint8_t>();
}

#define TIDEGATE_INSTANTIATE(T)                           \
  template void check_ids(const T*, int64_t, int64_t);    \
  template Array<uint8_t> mask_of_ids(const T*, int64_t); \
  template class EmbeddingStep<T>;

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
