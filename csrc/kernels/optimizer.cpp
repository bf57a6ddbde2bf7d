// One optimizer step of one weight in a single pass: slots in place, the new weight into `out`.
//
// SGD with momentum (Polyak 1964, Nesterov 1983), RMSprop (Hinton 2012; centred as Graves 2013), Adam (Kingma & Ba
// 2015; AMSGrad as Reddi et al. 2018), each as Keras writes it. Optional slots may be null.
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// Calls step(first, lanes) over [0, n) by whole vectors and one rest.
template <class T, class Step>
TIDEGATE_INLINE void for_each_vector(int64_t n, Step step) {
  for (int64_t i = 0; i < n; i += kLanes<T>) step(i, n - i);
}

template <class T>
void sgd_step(const T* w, const T* g, T* momentum, T* out, int64_t n, double rate, double mu, bool nesterov) {
  const Vec<T> minus_rate = broadcast(T(-rate)), decay = broadcast(T(mu));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest), weight = load_first(w + i, rest);
    if (!momentum) return store_first(out + i, fma(minus_rate, gradient, weight), rest);
    const Vec<T> step = minus_rate * gradient, m = fma(decay, load_first(momentum + i, rest), step);
    store_first(momentum + i, m, rest);
    store_first(out + i, nesterov ? weight + fma(decay, m, step) : weight + m, rest);
  });
}

template <class T>
void rmsprop_step(const T* w, const T* g, T* velocity, T* momentum, T* average, T* out, int64_t n, double rate,
                  double rho, double mu, double epsilon) {
  const Vec<T> keep = broadcast(T(rho)), take = broadcast(T(1 - rho)), decay = broadcast(T(mu));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest);
    const Vec<T> v = fma(keep, load_first(velocity + i, rest), take * (gradient * gradient));
    store_first(velocity + i, v, rest);
    Vec<T> denominator = v + broadcast(T(epsilon));
    if (average) {
      const Vec<T> mean = fma(keep, load_first(average + i, rest), take * gradient);
      store_first(average + i, mean, rest);
      denominator = fma(-mean, mean, denominator);
    }
    Vec<T> step = broadcast(T(rate)) * gradient / sqrt(denominator);
    if (momentum) {
      step = fma(decay, load_first(momentum + i, rest), step);
      store_first(momentum + i, step, rest);
    }
    store_first(out + i, load_first(w + i, rest) - step, rest);
  });
}

template <class T>
void adam_step(const T* w, const T* g, T* m, T* v, T* v_hat, T* out, int64_t n, double alpha, double beta_1,
               double beta_2, double epsilon) {
  const Vec<T> take_1 = broadcast(T(1 - beta_1)), take_2 = broadcast(T(1 - beta_2));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest), m_old = load_first(m + i, rest), v_old = load_first(v + i, rest);
    const Vec<T> mean = fma(gradient - m_old, take_1, m_old);
    Vec<T> square = fma(fma(gradient, gradient, -v_old), take_2, v_old);
    store_first(m + i, mean, rest);
    store_first(v + i, square, rest);
    if (v_hat) {
      const Vec<T> largest = load_first(v_hat + i, rest);
      square = square > largest ? square : largest;
      store_first(v_hat + i, square, rest);
    }
    store_first(out + i, load_first(w + i, rest) - broadcast(T(alpha)) * mean / (sqrt(square) + broadcast(T(epsilon))),
                rest);
  });
}

}  // namespace

#define TIDEGATE_DEFINE(T)                                                                                   \
  void sgd(const T* w, const T* g, T* momentum, T* out, int64_t n, double rate, double mu, bool nesterov) {  \
    sgd_step(w, g, momentum, out, n, rate, mu, nesterov);                                                    \
  }                                                                                                          \
  void rmsprop(const T* w, const T* g, T* velocity, T* momentum, T* average, T* out, int64_t n, double rate, \
               double rho, double mu, double epsilon) {                                                      \
    rmsprop_step(w, g, velocity, momentum, average, out, n, rate, rho, mu, epsilon);                         \
  }                                                                                                          \
  void adam(const T* w, const T* g, T* m, T* v, T* v_hat, T* out, int64_t n, double alpha, double beta_1,    \
            double beta_2, double epsilon) {                                                                 \
    adam_step(w, g, m, v, v_hat, out, n, alpha, beta_1, beta_2, epsilon);                                    \
  }

TIDEGATE_DEFINE(float)
TIDEGATE_DEFINE(double)

}  // namespace tidegate::TIDEGATE_ISA
