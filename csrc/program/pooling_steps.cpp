#include "program/pooling_steps.hpp"

namespace tidegate {
namespace {

void check(const char* layer, const Shape& input) {
  if (input.size() != 3) refuse(layer, "shape (batch, timesteps, features)", input);
}

Shape without_time(const char* layer, const Shape& input, bool keepdims) {
  check(layer, input);
  if (input[1] == 0) refuse(layer, "at least one timestep", input);
  return keepdims ? Shape{input[0], 1, input[2]} : Shape{input[0], input[2]};
}

// Calls f(b) for the rows of the batch, shared among threads.
template <class F>
void for_each_row(const Shape& input, F f) {
  run_team(threads_for_elements(input), [&](const Member& member) {
    for (int64_t b = member.begin(input[0]); b < member.end(input[0]); ++b) f(b);
  });
}

Shape pooled(const char* layer, const Shape& input, const Windows& windows) {
  check(layer, input);
  return {input[0], windows.count(input[1]), input[2]};
}

// Calls f(place of the first step in x, steps, place in y) for the windows of row b of a batch.
template <class F>
void for_each_window(const Windows& windows, const Shape& input, int64_t b, F f) {
  const int64_t steps = input[1], features = input[2], count = windows.count(steps);
  const int64_t reach = (count - 1) * windows.stride + windows.size;
  const int64_t before = windows.same ? std::max<int64_t>(reach - steps, 0) / 2 : 0;
  for (int64_t w = 0; w < count; ++w) {
    const int64_t begin = w * windows.stride - before;
    const int64_t first = std::max<int64_t>(begin, 0), last = std::min(begin + windows.size, steps);
    f((b * steps + first) * features, last - first, (b * count + w) * features);
  }
}

}  // namespace

int64_t Windows::count(int64_t timesteps) const {
  if (same) return (timesteps + stride - 1) / stride;
  return timesteps < size ? 0 : (timesteps - size) / stride + 1;
}

Shape MaxPool::output_shape(const Shape& input) const { return pooled("MaxPooling1D", input, windows); }

template <class T>
void MaxPool::forward(const InstructionSet& set, const Shape& input, const T* x, T* y) const {
  const int64_t F = input[2];
  for_each_row(input, [&](int64_t b) {
    for_each_window(windows, input, b, [&](int64_t from, int64_t count, int64_t to) {
      table<T>(set).max_rows(x + from, count, F, F, y + to);
    });
  });
}

template <class T>
void MaxPool::backward(const InstructionSet& set, const Shape& input, const T* x, const T* y, const T* d_y,
                       T* d_x) const {
  const int64_t steps = input[1], F = input[2];
  for_each_row(input, [&](int64_t b) {
    std::fill_n(d_x + b * steps * F, steps * F, T(0));
    for_each_window(windows, input, b, [&](int64_t from, int64_t count, int64_t to) {
      table<T>(set).max_rows_gradient(x + from, y + to, d_y + to, count, F, F, false, d_x + from);
    });
  });
}

Shape AveragePool::output_shape(const Shape& input) const { return pooled("AveragePooling1D", input, windows); }

template <class T>
void AveragePool::forward(const InstructionSet& set, const Shape& input, const T* x, T* y) const {
  const int64_t F = input[2];
  for_each_row(input, [&](int64_t b) {
    for_each_window(windows, input, b, [&](int64_t from, int64_t count, int64_t to) {
      std::fill_n(y + to, F, T(0));
      table<T>(set).sum_rows(x + from, count, F, F, y + to);
      for (int64_t v = 0; v < F; ++v) y[to + v] /= T(count);
    });
  });
}

template <class T>
void AveragePool::backward(const InstructionSet&, const Shape& input, const T*, const T*, const T* d_y, T* d_x) const {
  const int64_t steps = input[1], F = input[2];
  for_each_row(input, [&](int64_t b) {
    std::fill_n(d_x + b * steps * F, steps * F, T(0));
    for_each_window(windows, input, b, [&](int64_t from, int64_t count, int64_t to) {
      for (int64_t t = 0; t < count; ++t)
        for (int64_t v = 0; v < F; ++v) d_x[from + t * F + v] += d_y[to + v] / T(count);
    });
  });
}

Shape GlobalMaxPool::output_shape(const Shape& input) const {
  return without_time("GlobalMaxPooling1D", input, keepdims);
}

template <class T>
void GlobalMaxPool::forward(const InstructionSet& set, const Shape& input, const T* x, T* y) const {
  const int64_t steps = input[1], F = input[2];
  for_each_row(input, [&](int64_t b) { table<T>(set).max_rows(x + b * steps * F, steps, F, F, y + b * F); });
}

template <class T>
void GlobalMaxPool::backward(const InstructionSet& set, const Shape& input, const T* x, const T* y, const T* d_y,
                             T* d_x) const {
  const int64_t steps = input[1], F = input[2];
  for_each_row(input, [&](int64_t b) {
    const int64_t from = b * steps * F;
    std::fill_n(d_x + from, steps * F, T(0));
    table<T>(set).max_rows_gradient(x + from, y + b * F, d_y + b * F, steps, F, F, true, d_x + from);
  });
}

Shape GlobalAveragePool::output_shape(const Shape& input) const {
  return without_time("GlobalAveragePooling1D", input, keepdims);
}

template <class T>
void GlobalAveragePool::forward(const InstructionSet& set, const Shape& input, const T* x, T* y,
                                const uint8_t* mask) const {
  const int64_t steps = input[1], F = input[2];
  for_each_row(input, [&](int64_t b) {
    T* to = y + b * F;
    int64_t count = 0;
    std::fill_n(to, F, T(0));
    for (int64_t t = 0; t < steps; ++t) {
      if (mask && !mask[b * steps + t]) continue;
      table<T>(set).sum_rows(x + (b * steps + t) * F, 1, F, F, to);
      ++count;
    }
    for (int64_t v = 0; v < F; ++v) to[v] /= T(count);  // NaN where no step is real, as in Keras
  });
}

template <class T>
void GlobalAveragePool::backward(const InstructionSet&, const Shape& input, const T* d_y, T* d_x,
                                 const uint8_t* mask) const {
  const int64_t steps = input[1], F = input[2];
  for_each_row(input, [&](int64_t b) {
    int64_t count = 0;
    for (int64_t t = 0; t < steps; ++t) count += !mask || mask[b * steps + t];
    for (int64_t t = 0; t < steps; ++t) {
      const bool real = !mask || mask[b * steps + t];
      for (int64_t v = 0; v < F; ++v) d_x[(b * steps + t) * F + v] = real ? d_y[b * F + v] / T(count) : T(0);
    }
  });
}

#define TIDEGATE_INSTANTIATE(T)                                                                                       \
  template void MaxPool::forward(const InstructionSet&, const Shape&, const T*, T*) const;                            \
  template void MaxPool::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const;       \
  template void AveragePool::forward(const InstructionSet&, const Shape&, const T*, T*) const;                        \
  template void AveragePool::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const;   \
  template void GlobalMaxPool::forward(const InstructionSet&, const Shape&, const T*, T*) const;                      \
  template void GlobalMaxPool::backward(const InstructionSet&, const Shape&, const T*, const T*, const T*, T*) const; \
  template void GlobalAveragePool::forward(const InstructionSet&, const Shape&, const T*, T*, const uint8_t*) const;  \
  template void GlobalAveragePool::backward(const InstructionSet&, const Shape&, const T*, T*, const uint8_t*) const;

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
