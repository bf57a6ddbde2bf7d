// Pooling over windows of rows (timesteps), each column by itself: the maximum and its gradient. (An average is a sum
// of rows and a division.)
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class T>
void max_of_rows(const T* from, int64_t rows, int64_t stride, int64_t width, T* to) {
  for (int64_t v = 0; v < width; v += kLanes<T>) {
    Vec<T> largest = load_first(from + v, width - v);
    for (int64_t row = 1; row < rows; ++row) {
      const Vec<T> x = load_first(from + row * stride + v, width - v);
      const Bits<T> takes_over = (x > largest) | (x != x);
      largest = takes_over ? x : largest;
    }
    store_first(to + v, largest, width - v);
  }
}

// Where x is what max_of_rows found: equal, or the NaN that it kept.
template <class T>
TIDEGATE_INLINE Bits<T> is_maximum(Vec<T> x, Vec<T> y) {
  return (x == y) | (x != x);
}

template <class T>
void gradient_of_max(const T* x, const T* y, const T* d_y, int64_t rows, int64_t stride, int64_t width, bool shared,
                     T* d_x) {
  const Vec<T> zero = broadcast(T(0)), one = broadcast(T(1));
  for (int64_t v = 0; v < width; v += kLanes<T>) {
    const int64_t rest = width - v;
    const Vec<T> largest = load_first(y + v, rest);
    Vec<T> share = load_first(d_y + v, rest);
    if (shared) {
      Vec<T> count = zero;
      for (int64_t row = 0; row < rows; ++row)
        count += is_maximum<T>(load_first(x + row * stride + v, rest), largest) ? one : zero;
      share /= count;
    }
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = row * stride + v;
      const Bits<T> hit = is_maximum<T>(load_first(x + at, rest), largest);
      store_first(d_x + at, load_first(d_x + at, rest) + (hit ? share : zero), rest);
      if (!shared) share = hit ? zero : share;
    }
  }
}

}  // namespace

#define TIDEGATE_DEFINE(T)                                                                                  \
  void max_rows(const T* from, int64_t rows, int64_t stride, int64_t width, T* to) {                        \
    max_of_rows(from, rows, stride, width, to);                                                             \
  }                                                                                                         \
  void max_rows_gradient(const T* x, const T* y, const T* d_y, int64_t rows, int64_t stride, int64_t width, \
                         bool shared, T* d_x) {                                                             \
    gradient_of_max(x, y, d_y, rows, stride, width, shared, d_x);                                           \
  }

TIDEGATE_DEFINE(float)
TIDEGATE_DEFINE(double)

}  // namespace tidegate::TIDEGATE_ISA
