// One optimizer step of one weight in a single pass: slots in place, the new weight into `out`.
//
// SGD with momentum (Polyak 1964, Nesterov 1983), RMSprop (Hinton 2012; centred as Graves 2013), Adam and Adamax
// (Kingma & Ba 2015; AMSGrad as Reddi et al. 2018), Nadam (Dozat 2016), Adagrad (Duchi et al. 2011), Adadelta (Zeiler
// 2012), Ftrl (McMahan et al. 2013), Lion (Chen et al. 2023), each as Keras writes it. Optional slots may be null.
#include "kernels/optimizer.hpp"
#include "kernels/table.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

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

template <class T>
void nadam_step(const T* w, const T* g, T* m, T* v, T* out, int64_t n, double m_rate, double g_rate, double v_scale,
                double beta_1, double beta_2, double epsilon) {
  const Vec<T> take_1 = broadcast(T(1 - beta_1)), take_2 = broadcast(T(1 - beta_2));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest), m_old = load_first(m + i, rest), v_old = load_first(v + i, rest);
    const Vec<T> mean = fma(gradient - m_old, take_1, m_old);
    const Vec<T> square = fma(fma(gradient, gradient, -v_old), take_2, v_old);
    store_first(m + i, mean, rest);
    store_first(v + i, square, rest);
    const Vec<T> ahead = fma(broadcast(T(m_rate)), mean, broadcast(T(g_rate)) * gradient);
    const Vec<T> root = sqrt(square * broadcast(T(v_scale))) + broadcast(T(epsilon));
    store_first(out + i, load_first(w + i, rest) - ahead / root, rest);
  });
}

template <class T>
void adamax_step(const T* w, const T* g, T* m, T* u, T* out, int64_t n, double alpha, double beta_1, double beta_2,
                 double epsilon) {
  const Vec<T> take = broadcast(T(1 - beta_1));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest), m_old = load_first(m + i, rest);
    const Vec<T> mean = fma(gradient - m_old, take, m_old);
    const Vec<T> before = broadcast(T(beta_2)) * load_first(u + i, rest), now = magnitude(gradient);
    const Vec<T> norm = before > now ? before : now;
    store_first(m + i, mean, rest);
    store_first(u + i, norm, rest);
    store_first(out + i, load_first(w + i, rest) - broadcast(T(alpha)) * mean / (norm + broadcast(T(epsilon))), rest);
  });
}

template <class T>
void adagrad_step(const T* w, const T* g, T* accumulator, T* out, int64_t n, double rate, double epsilon) {
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest);
    const Vec<T> total = fma(gradient, gradient, load_first(accumulator + i, rest));
    store_first(accumulator + i, total, rest);
    const Vec<T> step = broadcast(T(rate)) * gradient / sqrt(total + broadcast(T(epsilon)));
    store_first(out + i, load_first(w + i, rest) - step, rest);
  });
}

template <class T>
void adadelta_step(const T* w, const T* g, T* gradients, T* steps, T* out, int64_t n, double rate, double rho,
                   double epsilon) {
  const Vec<T> keep = broadcast(T(rho)), take = broadcast(T(1 - rho)), more = broadcast(T(epsilon));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest), past = load_first(steps + i, rest);
    const Vec<T> square = fma(keep, load_first(gradients + i, rest), take * (gradient * gradient));
    const Vec<T> step = sqrt(past + more) * gradient / sqrt(square + more);
    store_first(gradients + i, square, rest);
    store_first(steps + i, fma(keep, past, take * (step * step)), rest);
    store_first(out + i, fma(broadcast(T(-rate)), step, load_first(w + i, rest)), rest);
  });
}

inline float power_of(float x, float exponent) { return __builtin_powf(x, exponent); }
inline double power_of(double x, double exponent) { return __builtin_pow(x, exponent); }

template <class T>
TIDEGATE_INLINE Vec<T> power(Vec<T> x, double exponent) {
  if (exponent == 0.5) return sqrt(x);
  Vec<T> y;
  for (int lane = 0; lane < kLanes<T>; ++lane) y[lane] = power_of(x[lane], T(exponent));
  return y;
}

template <class T>
void ftrl_step(const T* w, const T* g, T* accumulator, T* linear, T* out, int64_t n, double rate, double exponent,
               double l1, double l2, double shrinkage) {
  const Vec<T> inverse_rate = broadcast(T(1 / rate)), limit = broadcast(T(l1));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest), weight = load_first(w + i, rest);
    const Vec<T> before = load_first(accumulator + i, rest), after = fma(gradient, gradient, before);
    const Vec<T> strength = power<T>(after, exponent) * inverse_rate;
    const Vec<T> gain = strength - power<T>(before, exponent) * inverse_rate;
    const Vec<T> shrunk = fma(broadcast(T(2 * shrinkage)), weight, gradient);
    const Vec<T> line = load_first(linear + i, rest) + fma(-gain, weight, shrunk);
    store_first(accumulator + i, after, rest);
    store_first(linear + i, line, rest);
    const Vec<T> clipped = at_least(at_most(line, limit), -limit);
    store_first(out + i, (clipped - line) / (strength + broadcast(T(2 * l2))), rest);
  });
}

template <class T>
void lion_step(const T* w, const T* g, T* momentum, T* out, int64_t n, double rate, double beta_1, double beta_2) {
  const Vec<T> zero = broadcast(T(0)), one = broadcast(T(1));
  for_each_vector<T>(n, [&](int64_t i, int64_t rest) {
    const Vec<T> gradient = load_first(g + i, rest), m = load_first(momentum + i, rest);
    const Vec<T> mixed = fma(m, broadcast(T(beta_1)), gradient * broadcast(T(1 - beta_1)));
    const Vec<T> sign = mixed > zero ? one : mixed < zero ? -one : mixed;  // of zero and NaN: themselves
    store_first(momentum + i, fma(m, broadcast(T(beta_2)), gradient * broadcast(T(1 - beta_2))), rest);
    store_first(out + i, fma(broadcast(T(-rate)), sign, load_first(w + i, rest)), rest);
  });
}

}  // namespace

#define TIDEGATE_DEFINE(T)                                                                                        \
  void sgd(const T* w, const T* g, T* momentum, T* out, int64_t n, double rate, double mu, bool nesterov) {       \
    sgd_step(w, g, momentum, out, n, rate, mu, nesterov);                                                         \
  }                                                                                                               \
  void rmsprop(const T* w, const T* g, T* velocity, T* momentum, T* average, T* out, int64_t n, double rate,      \
               double rho, double mu, double epsilon) {                                                           \
    rmsprop_step(w, g, velocity, momentum, average, out, n, rate, rho, mu, epsilon);                              \
  }                                                                                                               \
  void adam(const T* w, const T* g, T* m, T* v, T* v_hat, T* out, int64_t n, double alpha, double beta_1,         \
            double beta_2, double epsilon) {                                                                      \
    adam_step(w, g, m, v, v_hat, out, n, alpha, beta_1, beta_2, epsilon);                                         \
  }                                                                                                               \
  void nadam(const T* w, const T* g, T* m, T* v, T* out, int64_t n, double m_rate, double g_rate, double v_scale, \
             double beta_1, double beta_2, double epsilon) {                                                      \
    nadam_step(w, g, m, v, out, n, m_rate, g_rate, v_scale, beta_1, beta_2, epsilon);                             \
  }                                                                                                               \
  void adamax(const T* w, const T* g, T* m, T* u, T* out, int64_t n, double alpha, double beta_1, double beta_2,  \
              double epsilon) {                                                                                   \
    adamax_step(w, g, m, u, out, n, alpha, beta_1, beta_2, epsilon);                                              \
  }                                                                                                               \
  void adagrad(const T* w, const T* g, T* accumulator, T* out, int64_t n, double rate, double epsilon) {          \
    adagrad_step(w, g, accumulator, out, n, rate, epsilon);                                                       \
  }                                                                                                               \
  void adadelta(const T* w, const T* g, T* gradients, T* steps, T* out, int64_t n, double rate, double rho,       \
                double epsilon) {                                                                                 \
    adadelta_step(w, g, gradients, steps, out, n, rate, rho, epsilon);                                            \
  }                                                                                                               \
  void ftrl(const T* w, const T* g, T* accumulator, T* linear, T* out, int64_t n, double rate, double exponent,   \
            double l1, double l2, double shrinkage) {                                                             \
    ftrl_step(w, g, accumulator, linear, out, n, rate, exponent, l1, l2, shrinkage);                              \
  }                                                                                                               \
  void lion(const T* w, const T* g, T* momentum, T* out, int64_t n, double rate, double beta_1, double beta_2) {  \
    lion_step(w, g, momentum, out, n, rate, beta_1, beta_2);                                                      \
  }

TIDEGATE_DEFINE(float)
TIDEGATE_DEFINE(double)

}  // namespace tidegate::TIDEGATE_ISA
