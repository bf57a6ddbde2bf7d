#include "program/elementwise_steps.hpp"

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

#define TIDEGATE_INSTANTIATE(T)                                                             \
  template void Activate::forward(const InstructionSet&, const Shape&, const T*, T*) const; \
  template void Activate::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const;

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
