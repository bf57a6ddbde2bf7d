// Optimizer steps that look at a whole weight before they change it, and the sum that norms are made of.
//
// LAMB (You et al. 2020) and Adafactor (Shazeer & Stern 2018), each as Keras writes it. Sums are of double, in eight
// chains whatever the vectors of the instruction set, so their bits are the same on all of them.
#include "kernels/optimizer.hpp"
#include "kernels/table.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// Sum of term(i) over [0, n).
template <class Term>
TIDEGATE_INLINE double sum(int64_t n, Term term) {
  constexpr int kChains = 8;
  double chains[kChains] = {};
  int64_t i = 0;
  for (; i + kChains <= n; i += kChains)
    for (int k = 0; k < kChains; ++k) chains[k] += term(i + k);
  for (; i < n; ++i) chains[i % kChains] += term(i);
  double total = 0;
  for (const double chain : chains) total += chain;
  return total;
}

template <class T>
double squares(const T* x, int64_t n) {
  return sum(n, [=](int64_t i) { return double(x[i] * x[i]); });
}

// The new slots, with the step before it is scaled in `out`.
template <class T>
void lamb_direction(const T* g, T* m, T* v, T* out, int64_t n, double beta_1, double beta_2, double m_scale,
                    double v_scale, double epsilon) {
  const Vec<T> take_1 = broadcast(T(1 - beta_1)), take_2 = broadcast(T(1 - beta_2));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest), m_old = load_first(m + i, rest), v_old = load_first(v + i, rest);
    const Vec<T> mean = fma(gradient - m_old, take_1, m_old);
    const Vec<T> square = fma(fma(gradient, gradient, -v_old), take_2, v_old);
    store_first(m + i, mean, rest);
    store_first(v + i, square, rest);
    const Vec<T> root = sqrt(square * broadcast(T(v_scale))) + broadcast(T(epsilon));
    store_first(out + i, mean * broadcast(T(m_scale)) / root, rest);
  });
}

// out = w - rate * out
template <class T>
void descend(const T* w, T* out, int64_t n, double rate) {
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    store_first(out + i, fma(broadcast(T(-rate)), load_first(out + i, rest), load_first(w + i, rest)), rest);
  });
}

template <class T>
void lamb_step(const T* w, const T* g, T* m, T* v, T* out, int64_t n, double rate, double beta_1, double beta_2,
               double m_scale, double v_scale, double epsilon) {
  lamb_direction(g, m, v, out, n, beta_1, beta_2, m_scale, v_scale, epsilon);
  const double weight = __builtin_sqrt(squares(w, n)), direction = __builtin_sqrt(squares(out, n));
  descend(w, out, n, weight > 0 && direction > 0 ? rate * (weight / direction) : rate);
}

// The mean squares of rows and of columns of one matrix, and what they say of each element.
template <class T>
void factored_squares(const AdafactorArgs<T>& a, const T* g, T* row_means, T* column_means, T* v) {
  const T keep = T(a.beta_2), floor = T(a.epsilon_1);
  const T take_row = T((1 - a.beta_2) / double(a.columns)), take_column = T((1 - a.beta_2) / double(a.rows));
  for (int64_t c = 0; c < a.columns; ++c) column_means[c] *= keep;
  for (int64_t r = 0; r < a.rows; ++r) {
    const T* row = g + r * a.columns;
    const double total = sum(a.columns, [=](int64_t c) { return double(row[c] * row[c] + floor); });
    row_means[r] = keep * row_means[r] + take_row * T(total);
    for (int64_t c = 0; c < a.columns; ++c) column_means[c] += take_column * (row[c] * row[c] + floor);
  }
  const double mean = sum(a.rows, [=](int64_t r) { return double(row_means[r]); }) / double(a.rows);
  for (int64_t r = 0; r < a.rows; ++r) {
    const T share = row_means[r] / T(mean);
    for (int64_t c = 0; c < a.columns; ++c) v[r * a.columns + c] = share * column_means[c];
  }
}

template <class T>
void adafactor_step(const AdafactorArgs<T>& a) {
  const int64_t size = a.rows * a.columns, n = a.matrices * size;
  if (a.row_means) {
    for (int64_t k = 0; k < a.matrices; ++k)
      factored_squares(a, a.g + k * size, a.row_means + k * a.rows, a.column_means + k * a.columns, a.v + k * size);
  } else {
    const T keep = T(a.beta_2), take = T(1 - a.beta_2), floor = T(a.epsilon_1);
    for (int64_t i = 0; i < n; ++i) a.v[i] = keep * a.v[i] + take * (a.g[i] * a.g[i] + floor);
  }
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    store_first(a.out + i, load_first(a.g + i, rest) / sqrt(load_first(a.v + i, rest)), rest);
  });
  const double weight = __builtin_sqrt(squares(a.w, n) / double(n));
  const double excess = __builtin_sqrt(squares(a.out, n) / double(n)) / a.clip_threshold;
  const double scale = weight < a.epsilon_2 ? a.epsilon_2 : weight;  // a NaN stays one
  descend(a.w, a.out, n, a.rate * scale / (excess < 1 ? 1 : excess));
}

}  // namespace

#define TIDEGATE_DEFINE(T)                                                                                    \
  double sum_of_squares(const T* x, int64_t n) { return squares(x, n); }                                      \
  void lamb(const T* w, const T* g, T* m, T* v, T* out, int64_t n, double rate, double beta_1, double beta_2, \
            double m_scale, double v_scale, double epsilon) {                                                 \
    lamb_step(w, g, m, v, out, n, rate, beta_1, beta_2, m_scale, v_scale, epsilon);                           \
  }                                                                                                           \
  void adafactor(const AdafactorArgs<T>& a) { adafactor_step(a); }

TIDEGATE_DEFINE(float)
TIDEGATE_DEFINE(double)

}  // namespace tidegate::TIDEGATE_ISA
