#include "program/prelu_step.hpp"

#include <algorithm>

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

constexpr double kFlopsOfElement = 4;

// Of every element of a row, which element of alpha is its.
std::vector<int64_t> places(const Shape& input, const Shape& alpha) {
  std::vector<int64_t> found{0};
  int64_t stride = elements(alpha);
  for (size_t axis = 0; axis < alpha.size(); ++axis) {
    stride /= std::max<int64_t>(alpha[axis], 1);
    std::vector<int64_t> longer;
    longer.reserve(found.size() * input[axis + 1]);
    for (const int64_t place : found)
      for (int64_t i = 0; i < input[axis + 1]; ++i) longer.push_back(place + (alpha[axis] == 1 ? 0 : i * stride));
    found = std::move(longer);
  }
  return found;
}

int threads(const Shape& input) { return threads_for(kFlopsOfElement * elements(input), input[0]); }

// Calls f(i, place) for the elements i of the rows from `begin` to `end`.
template <class F>
void for_each_element(const std::vector<int64_t>& place, int64_t begin, int64_t end, F f) {
  const auto n = static_cast<int64_t>(place.size());
  for (int64_t b = begin; b < end; ++b)
    for (int64_t i = 0; i < n; ++i) f(b * n + i, place[i]);
}

}  // namespace

template <class T>
void prelu(const Shape& input, const Shape& shape_of_alpha, const T* x, const T* alpha, T* y) {
  const std::vector<int64_t> place = places(input, shape_of_alpha);
  run_team(threads(input), [&](const Member& member) {
    for_each_element(place, member.begin(input[0]), member.end(input[0]),
                     [=](int64_t i, int64_t k) { y[i] = x[i] > 0 ? x[i] : alpha[k] * x[i]; });
  });
}

template <class T>
void prelu_gradient(const Shape& input, const Shape& shape_of_alpha, const T* x, const T* alpha, const T* d_y, T* d_x,
                    T* d_alpha) {
  const std::vector<int64_t> place = places(input, shape_of_alpha);
  run_team(threads(input), [&](const Member& member) {
    if (d_x)
      for_each_element(place, member.begin(input[0]), member.end(input[0]), [=](int64_t i, int64_t k) {
        d_x[i] = d_y[i] * (x[i] > 0 ? T(1) : x[i] < 0 ? alpha[k] : T(0));
      });
    if (member.index != 0) return;  // no sum is split
    std::fill_n(d_alpha, elements(shape_of_alpha), T(0));
    for_each_element(place, 0, input[0], [=](int64_t i, int64_t k) { d_alpha[k] += x[i] > 0 ? T(0) : d_y[i] * x[i]; });
  });
}

template <class T>
PreluStep<T>::PreluStep(Shape shape_of_alpha, const T* alpha)
    : shape_(std::move(shape_of_alpha)), alpha_(elements(shape_)) {
  std::copy_n(alpha, alpha_.size(), alpha_.data());
}

template <class T>
Shape PreluStep<T>::output_shape(const Shape& input) const {
  bool fits = input.size() == shape_.size() + 1;
  for (size_t axis = 0; fits && axis < shape_.size(); ++axis)
    fits = shape_[axis] == 1 || shape_[axis] == input[axis + 1];
  if (!fits) refuse("PReLU", "rows that its weight fits", input);
  return input;
}

template <class T>
Description PreluStep<T>::describe(const Shape& input) const {
  return {.threads = threads(input)};
}

#define TIDEGATE_INSTANTIATE(T)                                                                   \
  template void prelu(const Shape&, const Shape&, const T*, const T*, T*);                        \
  template void prelu_gradient(const Shape&, const Shape&, const T*, const T*, const T*, T*, T*); \
  template class PreluStep<T>;

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
