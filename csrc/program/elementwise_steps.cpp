#include "program/elementwise_steps.hpp"

#include <cmath>

#include "program/lines.hpp"

namespace tidegate {
namespace {

constexpr double kFlopsOfActivation = 20;

// Calls f(first element, elements) for every thread's pieces: a row where the function needs all of it, or whatever
// part of the array.
template <class F>
void for_each_piece(const Activate& layer, const Shape& shape, F f) {
  const bool by_row = layer.f == Activation::softmax || layer.f == Activation::log_softmax;
  const int64_t n = elements(shape), width = by_row && !shape.empty() ? shape.back() : 1;
  if (n == 0) return;
  run_team(layer.threads(shape), [&](const Member& member) {
    const int64_t begin = member.begin(n / width), end = member.end(n / width);
    if (!by_row) return f(begin, end - begin);
    for (int64_t row = begin; row < end; ++row) f(row * width, width);
  });
}

// Calls f(i) for every element of the thread's share.
template <class F>
void for_each_element(int threads, const Shape& shape, F f) {
  const int64_t n = elements(shape);
  run_team(threads, [&](const Member& member) {
    for (int64_t i = member.begin(n); i < member.end(n); ++i) f(i);
  });
}

}  // namespace

int Activate::threads(const Shape& input) const { return threads_for(kFlopsOfActivation * elements(input)); }

template <class T>
void Activate::forward(const InstructionSet& set, const Shape& input, const T* x, T* y) const {
  for_each_piece(*this, input, [&](int64_t at, int64_t n) { table<T>(set).activate(f, x + at, y + at, n); });
}

template <class T>
void Activate::backward(const InstructionSet& set, const Shape& input, const T* x, const T* y, const T* d_y,
                        T* d_x) const {
  for_each_piece(*this, input, [&](int64_t at, int64_t n) {
    table<T>(set).activate_gradient(f, x + at, y + at, d_y + at, d_x + at, n);
  });
}

template <class T>
void Rectify::forward(const InstructionSet&, const Shape& input, const T* x, T* y) const {
  const T factor = static_cast<T>(slope), from = static_cast<T>(threshold), top = static_cast<T>(most);
  for_each_element(threads_for_elements(input), input, [=](int64_t i) {
    if (x[i] > from)
      y[i] = x[i] < top ? x[i] : top;
    else
      y[i] = factor != 0 || x[i] != x[i] ? factor * (x[i] - from) : T(0);  // 0 * -inf would be NaN
  });
}

template <class T>
void Rectify::backward(const InstructionSet&, const Shape& input, const T* x, const T*, const T* d_y, T* d_x) const {
  const T factor = static_cast<T>(slope), from = static_cast<T>(threshold), top = static_cast<T>(most);
  for_each_element(threads_for_elements(input), input,
                   [=](int64_t i) { d_x[i] = d_y[i] * (x[i] > from ? T(x[i] < top) : factor); });
}

template <class T>
void ScaledElu::forward(const InstructionSet&, const Shape& input, const T* x, T* y) const {
  for_each_element(threads(input), input, [=, factor = static_cast<T>(alpha)](int64_t i) {
    y[i] = x[i] > 0 ? x[i] : factor * std::expm1(x[i]);
  });
}

template <class T>
void ScaledElu::backward(const InstructionSet&, const Shape& input, const T* x, const T* y, const T* d_y,
                         T* d_x) const {
  for_each_element(threads(input), input, [=, factor = static_cast<T>(alpha)](int64_t i) {
    d_x[i] = d_y[i] * (x[i] > 0 ? T(1) : y[i] + factor);
  });
}

Shape SoftmaxOver::output_shape(const Shape& input) const { return with_axis("Softmax", input, last); }

template <class T>
void SoftmaxOver::forward_of(const InstructionSet& set, const Shape& input, const T* x, const uint8_t* mask,
                             T* y) const {
  const Lines lines(input, first, last);
  for_each_line<T, 1>(lines, threads(input), {x}, y, [&](int64_t at, const auto& from, T* to) {
    const auto counts = [&](int64_t i) { return !mask || mask[at + i * lines.inner]; };
    for (int64_t i = 0; i < lines.n; ++i) to[i] = counts(i) ? from[0][i] : T(-1e9);
    table<T>(set).activate(Activation::softmax, to, to, lines.n);
    for (int64_t i = 0; mask && i < lines.n; ++i) to[i] = counts(i) ? to[i] : T(0);
  });
}

template <class T>
void SoftmaxOver::backward(const InstructionSet& set, const Shape& input, const T*, const T* y, const T* d_y,
                           T* d_x) const {
  const Lines lines(input, first, last);
  for_each_line<T, 2>(lines, threads(input), {y, d_y}, d_x, [&](int64_t, const auto& from, T* to) {
    table<T>(set).activate_gradient(Activation::softmax, from[0], from[0], from[1], to, lines.n);
  });
}

#define TIDEGATE_INSTANTIATE_LAYER(Layer, T)                                             \
  template void Layer::forward(const InstructionSet&, const Shape&, const T*, T*) const; \
  template void Layer::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const;
#define TIDEGATE_INSTANTIATE(T)                                                                                   \
  TIDEGATE_INSTANTIATE_LAYER(Activate, T)                                                                         \
  TIDEGATE_INSTANTIATE_LAYER(Rectify, T)                                                                          \
  TIDEGATE_INSTANTIATE_LAYER(ScaledElu, T)                                                                        \
  template void SoftmaxOver::forward_of(const InstructionSet&, const Shape&, const T*, const uint8_t*, T*) const; \
  template void SoftmaxOver::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const;

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
