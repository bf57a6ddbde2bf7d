#include "dispatch/merging.hpp"

#include <cmath>

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

constexpr double kFlopsOfElement = 4, kLargestInverse = 1e7;

// Calls f(begin, end) for every thread's share of `parts` parts of n elements.
template <class F>
void for_each_part(int64_t parts, int64_t n, F f) {
  run_team(threads_for(kFlopsOfElement * parts * n, parts),
           [&](const Member& member) { f(member.begin(parts), member.end(parts)); });
}

// y[i] = f(i)
template <class T, class F>
void map(int64_t n, T* y, F f) {
  for_each_part(n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = f(i);
  });
}

template <class T>
T dot(const T* a, const T* b, int64_t n) {
  T sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

template <class T>
void pairwise(Pairwise how, const T* a, const T* b, int64_t n, T* y) {
  switch (how) {
    case Pairwise::subtract:
      return map(n, y, [=](int64_t i) { return a[i] - b[i]; });
    case Pairwise::maximum:
      return map(n, y, [=](int64_t i) { return a[i] > b[i] || a[i] != a[i] ? a[i] : b[i]; });
    case Pairwise::minimum:
      return map(n, y, [=](int64_t i) { return a[i] < b[i] || a[i] != a[i] ? a[i] : b[i]; });
  }
}

template <class T>
void extreme_gradient(bool least, const T* a, const T* b, const T* d_y, int64_t n, T* d_a, T* d_b) {
  for_each_part(n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const bool first = least ? a[i] < b[i] : a[i] > b[i];
      const T share = a[i] == b[i] ? T(0.5) : T(first);
      d_a[i] = d_y[i] * share;
      d_b[i] = d_y[i] * (1 - share);
    }
  });
}

template <class T>
void divide(const T* x, double divisor, int64_t n, T* y) {
  map(n, y, [=, by = static_cast<T>(divisor)](int64_t i) { return x[i] / by; });
}

template <class T>
void sum_middle(const T* x, int64_t outer, int64_t count, int64_t inner, T* y) {
  for_each_part(outer, count * inner, [&](int64_t begin, int64_t end) {
    std::fill_n(y + begin * inner, (end - begin) * inner, T(0));
    for (int64_t i = begin; i < end; ++i)
      table<T>(current()).sum_rows(x + i * count * inner, count, inner, inner, y + i * inner);
  });
}

template <class T>
void unit_rows(const T* x, int64_t rows, int64_t n, T* y, T* inverse) {
  for_each_part(rows, n, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* row = x + r * n;
      inverse[r] = std::min(1 / std::sqrt(dot(row, row, n)), static_cast<T>(kLargestInverse));
      for (int64_t i = 0; i < n; ++i) y[r * n + i] = row[i] * inverse[r];
    }
  });
}

// The length of y is one, unless its factor was the largest there is.
template <class T>
void unit_rows_gradient(const T* y, const T* inverse, const T* d_y, int64_t rows, int64_t n, T* d_x) {
  for_each_part(rows, n, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T *row = y + r * n, *d = d_y + r * n;
      const T along = inverse[r] < static_cast<T>(kLargestInverse) ? dot(row, d, n) : T(0);
      for (int64_t i = 0; i < n; ++i) d_x[r * n + i] = inverse[r] * (d[i] - row[i] * along);
    }
  });
}

#define TIDEGATE_INSTANTIATE(T)                                                        \
  template void pairwise(Pairwise, const T*, const T*, int64_t, T*);                   \
  template void extreme_gradient(bool, const T*, const T*, const T*, int64_t, T*, T*); \
  template void divide(const T*, double, int64_t, T*);                                 \
  template void sum_middle(const T*, int64_t, int64_t, int64_t, T*);                   \
  template void unit_rows(const T*, int64_t, int64_t, T*, T*);                         \
  template void unit_rows_gradient(const T*, const T*, const T*, int64_t, int64_t, T*);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
