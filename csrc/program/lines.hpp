// Adjacent axes of an array taken together: the array is [outer, n, inner], and the n elements are a line.
#pragma once

#include <array>

#include "dispatch/plan.hpp"
#include "program/program.hpp"

namespace tidegate {

struct Lines {
  int64_t outer, n, inner;

  // Axes `first` to `last` of this shape.
  Lines(const Shape& shape, int64_t first, int64_t last)
      : outer(elements(Shape(shape.begin(), shape.begin() + first))),
        n(elements(Shape(shape.begin() + first, shape.begin() + last + 1))),
        inner(elements(Shape(shape.begin() + last + 1, shape.end()))) {}

  int64_t place(int64_t line) const { return line / inner * n * inner + line % inner; }
};

// Calls f(place of the first element, the elements of each array of `from`, those of `to`) for every line. The
// elements of one lie side by side: they are copied where they do not.
template <class T, size_t N, class F>
void for_each_line(const Lines& lines, int threads, const std::array<const T*, N>& from, T* to, F f) {
  const int64_t count = lines.n ? lines.outer * lines.inner : 0, n = lines.n, inner = lines.inner;
  const int64_t copied = inner > 1 ? (N + 1) * n : 0;
  const Array<T> copies(threads * copied);
  run_team(threads, [&](const Member& member) {
    T* copy = copies.data() + member.index * copied;
    for (int64_t line = member.begin(count); line < member.end(count); ++line) {
      const int64_t at = lines.place(line);
      std::array<const T*, N> elements;
      for (size_t k = 0; k < N; ++k) {
        elements[k] = from[k] + at;
        if (inner == 1) continue;
        for (int64_t i = 0; i < n; ++i) copy[k * n + i] = from[k][at + i * inner];
        elements[k] = copy + k * n;
      }
      T* result = inner > 1 ? copy + N * n : to + at;
      f(at, elements, result);
      for (int64_t i = 0; inner > 1 && i < n; ++i) to[at + i * inner] = result[i];
    }
  });
}

// Throws std::invalid_argument unless the shape has the axis `last`.
inline Shape with_axis(const char* layer, const Shape& shape, int64_t last) {
  if (static_cast<int64_t>(shape.size()) <= last) refuse(layer, std::to_string(last + 1) + " axes or more", shape);
  return shape;
}

}  // namespace tidegate
