#include "program/shape_steps.hpp"

#include <algorithm>
#include <iterator>

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// Elements of a row of the batch; known even where there are no rows.
int64_t row_elements(const Shape& shape) { return elements(Shape(shape.begin() + 1, shape.end())); }

// Calls move(i, j) for every element i of an array of this shape, in order; j is where it lies in another array, whose
// strides along the same axes are these.
template <class Move>
void walk(const Shape& shape, const Shape& strides, Move move) {
  const size_t inner = shape.size() - 1;
  Shape at(shape.size(), 0);
  int64_t from = 0;
  for (int64_t to = 0, n = elements(shape); to < n; to += shape[inner]) {
    for (int64_t i = 0; i < shape[inner]; ++i) move(to + i, from + i * strides[inner]);
    for (size_t axis = inner; axis-- > 0;) {
      from += strides[axis];
      if (++at[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      at[axis] = 0;
    }
  }
}

}  // namespace

template <class T>
Shape ReshapeStep<T>::output_shape(const Shape& input) const {
  if (input.empty()) refuse("Reshape", "an axis of samples", input);
  const int64_t total = row_elements(input);
  Shape output{input[0]};
  output.insert(output.end(), target_.begin(), target_.end());
  Shape fixed;
  std::copy_if(target_.begin(), target_.end(), std::back_inserter(fixed), [](int64_t extent) { return extent >= 0; });
  const int64_t known = elements(fixed);
  for (int64_t& extent : output)
    if (extent < 0 && known > 0) extent = total / known;
  if (row_elements(output) != total)
    refuse("Reshape", "rows of a number of elements that fits the target shape", input);
  return output;
}

Shape Repeat::output_shape(const Shape& input) const {
  if (input.size() != 2) refuse("RepeatVector", "shape (batch, features)", input);
  return {input[0], n, input[1]};
}

template <class T>
void Repeat::forward(const InstructionSet&, const Shape& input, const T* x, T* y) const {
  const int64_t F = input[1];
  for (int64_t b = 0; b < input[0]; ++b)
    for (int64_t t = 0; t < n; ++t) std::copy_n(x + b * F, F, y + (b * n + t) * F);
}

template <class T>
void Repeat::backward(const InstructionSet& set, const Shape& input, const T*, const T*, const T* d_y, T* d_x) const {
  const int64_t B = input[0], F = input[1];
  run_team(threads_for(static_cast<double>(B * n * F)), [&](const Member& member) {
    for (int64_t b = member.begin(B); b < member.end(B); ++b) {
      std::fill_n(d_x + b * F, F, T(0));
      table<T>(set).sum_rows(d_y + b * n * F, n, F, F, d_x + b * F);
    }
  });
}

Shape RepeatSteps::output_shape(const Shape& input) const {
  if (input.size() != 3) refuse("UpSampling1D", "shape (batch, timesteps, features)", input);
  return {input[0], input[1] * n, input[2]};
}

template <class T>
void RepeatSteps::forward(const InstructionSet& set, const Shape& input, const T* x, T* y) const {
  Repeat{n}.forward(set, {input[0] * input[1], input[2]}, x, y);
}

template <class T>
void RepeatSteps::backward(const InstructionSet& set, const Shape& input, const T* x, const T* y, const T* d_y,
                           T* d_x) const {
  Repeat{n}.backward(set, {input[0] * input[1], input[2]}, x, y, d_y, d_x);
}

Shape Pad::output_shape(const Shape& input) const {
  if (input.size() != 3) refuse("ZeroPadding1D or Cropping1D", "shape (batch, timesteps, features)", input);
  const int64_t left = input[1] + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0);
  if (left < 0 || (left == 0 && (before < 0 || after < 0)))
    refuse("Cropping1D", "more timesteps than are left out", input);
  return {input[0], input[1] + before + after, input[2]};
}

template <class T>
void Pad::forward(const InstructionSet&, const Shape& input, const T* x, T* y) const {
  const int64_t steps = input[1], count = steps + before + after, F = input[2];
  for (int64_t b = 0; b < input[0]; ++b)
    for (int64_t t = 0; t < count; ++t) {
      const int64_t from = t - before;
      T* to = y + (b * count + t) * F;
      if (from >= 0 && from < steps)
        std::copy_n(x + (b * steps + from) * F, F, to);
      else
        std::fill_n(to, F, T(0));
    }
}

// What is padded on one side is left out on the other.
template <class T>
void Pad::backward(const InstructionSet& set, const Shape& input, const T*, const T*, const T* d_y, T* d_x) const {
  Pad{-before, -after}.forward(set, {input[0], input[1] + before + after, input[2]}, d_y, d_x);
}

Shape Permutation::output_shape(const Shape& input) const {
  if (input.size() != dims.size() + 1) refuse("Permute", std::to_string(dims.size() + 1) + " axes", input);
  Shape output{input[0]};
  for (const int64_t dim : dims) output.push_back(input[dim]);
  return output;
}

namespace {

// Strides in x of the axes of the permuted y.
Shape permuted_strides(const Shape& input, const std::vector<int64_t>& dims) {
  Shape strides(input.size(), 1);
  for (size_t axis = input.size() - 1; axis-- > 0;) strides[axis] = strides[axis + 1] * input[axis + 1];
  Shape permuted{strides[0]};
  for (const int64_t dim : dims) permuted.push_back(strides[dim]);
  return permuted;
}

}  // namespace

template <class T>
void Permutation::forward(const InstructionSet&, const Shape& input, const T* x, T* y) const {
  walk(output_shape(input), permuted_strides(input, dims), [&](int64_t to, int64_t from) { y[to] = x[from]; });
}

template <class T>
void Permutation::backward(const InstructionSet&, const Shape& input, const T*, const T*, const T* d_y, T* d_x) const {
  walk(output_shape(input), permuted_strides(input, dims), [&](int64_t to, int64_t from) { d_x[from] = d_y[to]; });
}

#define TIDEGATE_INSTANTIATE(T)                                                                                     \
  template class ReshapeStep<T>;                                                                                    \
  template void Repeat::forward(const InstructionSet&, const Shape&, const T*, T*) const;                           \
  template void Repeat::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const;      \
  template void RepeatSteps::forward(const InstructionSet&, const Shape&, const T*, T*) const;                      \
  template void RepeatSteps::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const; \
  template void Pad::forward(const InstructionSet&, const Shape&, const T*, T*) const;                              \
  template void Pad::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const;         \
  template void Permutation::forward(const InstructionSet&, const Shape&, const T*, T*) const;                      \
  template void Permutation::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const;

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
