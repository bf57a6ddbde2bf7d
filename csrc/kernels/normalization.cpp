// Layer normalization (Ba et al. 2016: moments of each row) and batch normalization (Ioffe & Szegedy 2015: moments of
// each column), forward and backward.
//
//   x_hat = (x - mean) * inverse, inverse = 1 / sqrt(variance + epsilon), y = gamma * x_hat + beta
//
// gamma and beta may be null. Variances are taken about the mean, in a second pass. Functions that go down columns work
// on `width` of them, `stride` apart from row to row, so that threads may share the columns and no sum is ever split.
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

constexpr int64_t kColumns = 64;  // of a block, whose sums stay in the L1 cache

// Sum of term(i) over [0, n): whole vectors lane by lane, then the lanes and the rest in order.
template <class T, class VectorTerm, class Term>
TIDEGATE_INLINE T sum(int64_t n, VectorTerm vector_term, Term term) {
  Vec<T> lanes = broadcast(T(0));
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) lanes += vector_term(i);
  T total = 0;
  for (int lane = 0; lane < kLanes<T>; ++lane) total += lanes[lane];
  for (; i < n; ++i) total += term(i);
  return total;
}

template <class T>
TIDEGATE_INLINE T inverse_deviation(T variance, double epsilon) {
  return 1 / T(sqrt(broadcast(variance + T(epsilon)))[0]);
}

// moments [2] receives the mean and the inverse deviation.
template <class T>
void layer_norm_row(const T* x, const T* gamma, const T* beta, int64_t n, double epsilon, T* y, T* moments) {
  const T mean = sum<T>(n, [&](int64_t i) { return load(x + i); }, [&](int64_t i) { return x[i]; }) / T(n);
  const Vec<T> means = broadcast(mean);
  const T squares = sum<T>(
      n,
      [&](int64_t i) {
        const Vec<T> d = load(x + i) - means;
        return d * d;
      },
      [&](int64_t i) {
        const T d = x[i] - mean;
        return d * d;
      });
  const T inverse = inverse_deviation(squares / T(n), epsilon);
  moments[0] = mean;
  moments[1] = inverse;
  for (int64_t i = 0; i < n; ++i) {
    T value = (x[i] - mean) * inverse;
    if (gamma) value *= gamma[i];
    if (beta) value += beta[i];
    y[i] = value;
  }
}

// With g = gamma d_y: d_x = inverse (g - mean(g) - x_hat mean(g x_hat)).
template <class T>
void layer_norm_row_gradient(const T* x, const T* moments, const T* gamma, const T* d_y, int64_t n, T* d_x) {
  const T mean = moments[0], inverse = moments[1];
  for (int64_t i = 0; i < n; ++i) d_x[i] = gamma ? d_y[i] * gamma[i] : d_y[i];
  const Vec<T> means = broadcast(mean), inverses = broadcast(inverse);
  const T of_g = sum<T>(n, [&](int64_t i) { return load(d_x + i); }, [&](int64_t i) { return d_x[i]; }) / T(n);
  const T of_g_x_hat = sum<T>(
                           n, [&](int64_t i) { return load(d_x + i) * ((load(x + i) - means) * inverses); },
                           [&](int64_t i) { return d_x[i] * ((x[i] - mean) * inverse); }) /
                       T(n);
  for (int64_t i = 0; i < n; ++i) {
    const T x_hat = (x[i] - mean) * inverse;
    d_x[i] = inverse * (d_x[i] - of_g - x_hat * of_g_x_hat);
  }
}

// Calls down(first, count) for blocks of columns.
template <class F>
TIDEGATE_INLINE void for_each_block_of_columns(int64_t width, F down) {
  for (int64_t first = 0; first < width; first += kColumns)
    down(first, width - first < kColumns ? width - first : kColumns);
}

template <class T>
void layer_norm_columns_gradient(const T* x, const T* moments, const T* d_y, int64_t rows, int64_t stride,
                                 int64_t width, T* d_gamma, T* d_beta) {
  for_each_block_of_columns(width, [=](int64_t first, int64_t count) {
    double of_gamma[kColumns] = {}, of_beta[kColumns] = {};
    for (int64_t row = 0; row < rows; ++row) {
      const T *from = x + row * stride + first, *d = d_y + row * stride + first;
      const T mean = moments[2 * row], inverse = moments[2 * row + 1];
      for (int64_t v = 0; v < count; ++v) {
        of_gamma[v] += d[v] * ((from[v] - mean) * inverse);
        of_beta[v] += d[v];
      }
    }
    for (int64_t v = 0; v < count; ++v) {
      d_gamma[first + v] = T(of_gamma[v]);
      d_beta[first + v] = T(of_beta[v]);
    }
  });
}

// Of the rows that are real; of all without a mask.
template <class T>
void moments_of_columns(const T* x, const uint8_t* mask, int64_t rows, int64_t stride, int64_t width, T* mean,
                        T* variance) {
  int64_t real = 0;
  for (int64_t row = 0; row < rows; ++row) real += !mask || mask[row];
  for_each_block_of_columns(width, [=](int64_t first, int64_t count) {
    double sums[kColumns] = {}, squares[kColumns] = {};
    for (int64_t row = 0; row < rows; ++row)
      if (!mask || mask[row])
        for (int64_t v = 0; v < count; ++v) sums[v] += x[row * stride + first + v];
    for (int64_t v = 0; v < count; ++v) sums[v] /= double(real ? real : 1);
    for (int64_t row = 0; row < rows; ++row)
      if (!mask || mask[row])
        for (int64_t v = 0; v < count; ++v) {
          const double d = x[row * stride + first + v] - sums[v];
          squares[v] += d * d;
        }
    for (int64_t v = 0; v < count; ++v) {
      mean[first + v] = T(sums[v]);
      variance[first + v] = T(squares[v] / double(real ? real : 1));
    }
  });
}

// factor = gamma * inverse
template <class T>
void batch_norm_row(const T* x, const T* mean, const T* factor, const T* beta, int64_t n, T* y) {
  for (int64_t i = 0; i < n; ++i) {
    const T scaled = (x[i] - mean[i]) * factor[i];
    y[i] = beta ? scaled + beta[i] : scaled;
  }
}

// d_gamma = sum of d_y x_hat and d_beta = sum of d_y, over all rows: masked ones were put out too. But what lies in
// them may be anything, so where no gradient comes to a masked element, none goes on.
template <class T>
void batch_norm_column_sums(const T* x, const uint8_t* mask, const T* mean, const T* inverse, const T* d_y,
                            int64_t rows, int64_t stride, int64_t width, T* d_gamma, T* d_beta) {
  for_each_block_of_columns(width, [=](int64_t first, int64_t count) {
    double of_gamma[kColumns] = {}, of_beta[kColumns] = {};
    for (int64_t row = 0; row < rows; ++row) {
      const T *from = x + row * stride + first, *d = d_y + row * stride + first;
      const bool real = !mask || mask[row];
      for (int64_t v = 0; v < count; ++v) {
        const T term = d[v] * ((from[v] - mean[first + v]) * inverse[first + v]);
        of_gamma[v] += real || d[v] != 0 ? term : T(0);
        of_beta[v] += d[v];
      }
    }
    for (int64_t v = 0; v < count; ++v) {
      d_gamma[first + v] = T(of_gamma[v]);
      d_beta[first + v] = T(of_beta[v]);
    }
  });
}

// d_x = factor (d_y - (d_beta + x_hat d_gamma) / count) for a row that the moments are of; factor d_y for another
// (count 0).
template <class T>
void batch_norm_row_gradient(const T* x, const T* mean, const T* inverse, const T* factor, const T* d_y,
                             const T* d_gamma, const T* d_beta, int64_t count, int64_t n, T* d_x) {
  if (count == 0) {
    for (int64_t i = 0; i < n; ++i) d_x[i] = factor[i] * d_y[i];
    return;
  }
  const T share = 1 / T(count);
  for (int64_t i = 0; i < n; ++i) {
    const T x_hat = (x[i] - mean[i]) * inverse[i];
    d_x[i] = factor[i] * (d_y[i] - (d_beta[i] + x_hat * d_gamma[i]) * share);
  }
}

}  // namespace

#define TIDEGATE_DEFINE(T)                                                                                           \
  void layer_norm(const T* x, const T* gamma, const T* beta, int64_t n, double epsilon, T* y, T* moments) {          \
    layer_norm_row(x, gamma, beta, n, epsilon, y, moments);                                                          \
  }                                                                                                                  \
  void layer_norm_gradient(const T* x, const T* moments, const T* gamma, const T* d_y, int64_t n, T* d_x) {          \
    layer_norm_row_gradient(x, moments, gamma, d_y, n, d_x);                                                         \
  }                                                                                                                  \
  void layer_norm_weight_gradients(const T* x, const T* moments, const T* d_y, int64_t rows, int64_t stride,         \
                                   int64_t width, T* d_gamma, T* d_beta) {                                           \
    layer_norm_columns_gradient(x, moments, d_y, rows, stride, width, d_gamma, d_beta);                              \
  }                                                                                                                  \
  void batch_moments(const T* x, const uint8_t* mask, int64_t rows, int64_t stride, int64_t width, T* mean,          \
                     T* variance) {                                                                                  \
    moments_of_columns(x, mask, rows, stride, width, mean, variance);                                                \
  }                                                                                                                  \
  void batch_norm(const T* x, const T* mean, const T* factor, const T* beta, int64_t n, T* y) {                      \
    batch_norm_row(x, mean, factor, beta, n, y);                                                                     \
  }                                                                                                                  \
  void batch_norm_sums(const T* x, const uint8_t* mask, const T* mean, const T* inverse, const T* d_y, int64_t rows, \
                       int64_t stride, int64_t width, T* d_gamma, T* d_beta) {                                       \
    batch_norm_column_sums(x, mask, mean, inverse, d_y, rows, stride, width, d_gamma, d_beta);                       \
  }                                                                                                                  \
  void batch_norm_gradient(const T* x, const T* mean, const T* inverse, const T* factor, const T* d_y,               \
                           const T* d_gamma, const T* d_beta, int64_t count, int64_t n, T* d_x) {                    \
    batch_norm_row_gradient(x, mean, inverse, factor, d_y, d_gamma, d_beta, count, n, d_x);                          \
  }

TIDEGATE_DEFINE(float)
TIDEGATE_DEFINE(double)

}  // namespace tidegate::TIDEGATE_ISA
