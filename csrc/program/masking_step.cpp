#include "program/masking_step.hpp"

#include <algorithm>

namespace tidegate {
namespace {

// Calls f(step, its elements, whether it counts) for every step, shared among threads.
template <class T, class F>
void for_each_step(double value, const Shape& input, const T* x, F f) {
  const int64_t n = input[0] * input[1], features = input[2];
  const T masked = static_cast<T>(value);
  run_team(threads_for_elements(input), [&](const Member& member) {
    for (int64_t i = member.begin(n); i < member.end(n); ++i) {
      const T* step = x + i * features;
      f(i, std::any_of(step, step + features, [&](T v) { return v != masked; }));
    }
  });
}

// The steps of `from` that count in x, and zeros.
template <class T>
void copy_steps(double value, const Shape& input, const T* x, const T* from, T* to) {
  const int64_t features = input[2];
  for_each_step(value, input, x, [&](int64_t i, bool counts) {
    if (counts)
      std::copy_n(from + i * features, features, to + i * features);
    else
      std::fill_n(to + i * features, features, T(0));
  });
}

}  // namespace

Shape MaskSteps::output_shape(const Shape& input) const {
  if (input.size() != 3) refuse("Masking", "shape (batch, timesteps, features)", input);
  return input;
}

template <class T>
void MaskSteps::forward(const InstructionSet&, const Shape& input, const T* x, T* y) const {
  copy_steps(value, input, x, x, y);
}

template <class T>
void MaskSteps::backward(const InstructionSet&, const Shape& input, const T* x, const T*, const T* d_y, T* d_x) const {
  copy_steps(value, input, x, d_y, d_x);
}

template <class T>
Array<uint8_t> MaskSteps::mask(const Shape& input, const T* x) const {
  Array<uint8_t> mask(input[0] * input[1]);
  for_each_step(value, input, x, [&](int64_t i, bool counts) { mask[i] = counts; });
  return mask;
}

#define TIDEGATE_INSTANTIATE(T)                                                                                   \
  template void MaskSteps::forward(const InstructionSet&, const Shape&, const T*, T*) const;                      \
  template void MaskSteps::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const; \
  template Array<uint8_t> MaskSteps::mask(const Shape&, const T*) const;

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
