// Keras's activation functions and their derivatives, element by element.
//
// sigmoid, tanh and exponential are the vector functions that tiles use. The others call the C library where they need
// expm1, log1p or erf: the compiler's builtins, so that no C++ header comes in.
#include "kernels/activation.hpp"

#include "kernels/table.hpp"
#include "simd/math.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

constexpr double kSeluScale = 1.0507009873554805, kSeluAlpha = 1.6732632423543772;
constexpr double kInverseSqrt2 = 0.7071067811865476, kInverseSqrt2Pi = 0.3989422804014327;

inline float expm1_of(float x) { return __builtin_expm1f(x); }
inline double expm1_of(double x) { return __builtin_expm1(x); }
inline float log1p_of(float x) { return __builtin_log1pf(x); }
inline double log1p_of(double x) { return __builtin_log1p(x); }
inline float exp_of(float x) { return __builtin_expf(x); }
inline double exp_of(double x) { return __builtin_exp(x); }
inline float erf_of(float x) { return __builtin_erff(x); }
inline double erf_of(double x) { return __builtin_erf(x); }
inline float tanh_of(float x) { return __builtin_tanhf(x); }
inline double tanh_of(double x) { return __builtin_tanh(x); }
inline float log_of(float x) { return __builtin_logf(x); }
inline double log_of(double x) { return __builtin_log(x); }
inline float sqrt_of(float x) { return __builtin_sqrtf(x); }
inline double sqrt_of(double x) { return __builtin_sqrt(x); }

template <class T>
T sigmoid_of(T x) {
  return 1 / (1 + exp_of(-x));
}

// log(1 + exp(x)) without overflow.
template <class T>
T softplus_of(T x) {
  return (x > 0 ? x : T(0)) + log1p_of(exp_of(x > 0 ? -x : x));
}

template <class T>
T clip(T x, T low, T high) {
  return x < low ? low : x > high ? high : x;
}

template <class T, class F>
void map(const T* x, T* y, int64_t n, F f) {
  for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
}

template <class T, class F>
void map_vectors(const T* x, T* y, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += kLanes<T>) store_first(y + i, f(load_first(x + i, n - i)), n - i);
}

template <class T>
void softmax(const T* x, T* y, int64_t n, bool log) {
  T largest = x[0];
  for (int64_t i = 1; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  map_vectors(x, y, n, [=](Vec<T> v) { return v - broadcast(largest); });
  T total = 0;
  if (log) {
    for (int64_t i = 0; i < n; ++i) total += exp_of(y[i]);
    const T log_total = log_of(total);
    for (int64_t i = 0; i < n; ++i) y[i] -= log_total;
  } else {
    map_vectors(y, y, n, [](Vec<T> v) { return exp<T>(v); });
    for (int64_t i = 0; i < n; ++i) total += y[i];
    for (int64_t i = 0; i < n; ++i) y[i] /= total;
  }
}

template <class T>
void activate_row(Activation f, const T* x, T* y, int64_t n) {
  switch (f) {
    case Activation::linear:
      return x == y ? void() : map(x, y, n, [](T v) { return v; });
    case Activation::relu:
      return map(x, y, n, [](T v) { return v < 0 ? T(0) : v; });
    case Activation::relu6:
      return map(x, y, n, [](T v) { return clip<T>(v, 0, 6); });
    case Activation::leaky_relu:
      return map(x, y, n, [](T v) { return v < 0 ? T(0.2) * v : v; });
    case Activation::elu:
    case Activation::celu:
      return map(x, y, n, [](T v) { return v > 0 ? v : expm1_of(v); });
    case Activation::selu:
      return map(x, y, n, [](T v) { return T(kSeluScale) * (v > 0 ? v : T(kSeluAlpha) * expm1_of(v)); });
    case Activation::softplus:
      return map(x, y, n, [](T v) { return softplus_of(v); });
    case Activation::softsign:
      return map(x, y, n, [](T v) { return v / (1 + (v < 0 ? -v : v)); });
    case Activation::silu:
      return map_vectors(x, y, n, [](Vec<T> v) { return v * sigmoid<T>(v); });
    case Activation::gelu:
      return map(x, y, n, [](T v) { return T(0.5) * v * (1 + erf_of(v * T(kInverseSqrt2))); });
    case Activation::exponential:
      return map_vectors(x, y, n, [](Vec<T> v) { return exp<T>(v); });
    case Activation::tanh:
      return map_vectors(x, y, n, [](Vec<T> v) { return tanh<T>(v); });
    case Activation::sigmoid:
      return map_vectors(x, y, n, [](Vec<T> v) { return sigmoid<T>(v); });
    case Activation::hard_sigmoid:
      return map(x, y, n, [](T v) { return clip<T>(v + 3, 0, 6) / 6; });
    case Activation::hard_silu:
      return map(x, y, n, [](T v) { return v * (clip<T>(v + 3, 0, 6) / 6); });
    case Activation::hard_tanh:
      return map(x, y, n, [](T v) { return clip<T>(v, -1, 1); });
    case Activation::mish:
      return map(x, y, n, [](T v) { return v * tanh_of(softplus_of(v)); });
    case Activation::log_sigmoid:
      return map(x, y, n, [](T v) { return -softplus_of(-v); });
    case Activation::tanh_shrink:
      return map(x, y, n, [](T v) { return v - tanh_of(v); });
    case Activation::hard_shrink:
      return map(x, y, n, [](T v) { return v < T(-0.5) || v > T(0.5) || v != v ? v : T(0); });
    case Activation::soft_shrink:
      return map(x, y, n, [](T v) { return v > T(0.5) ? v - T(0.5) : v < T(-0.5) ? v + T(0.5) : v != v ? v : T(0); });
    case Activation::squareplus:
      return map(x, y, n, [](T v) { return (v + sqrt_of(v * v + 4)) / 2; });
    case Activation::sparse_plus:
      return map(x, y, n, [](T v) { return v <= -1 ? T(0) : v >= 1 ? v : (v + 1) * (v + 1) / 4; });
    case Activation::sparse_sigmoid:
      return map(x, y, n, [](T v) { return clip<T>((v + 1) / 2, 0, 1); });
    case Activation::softmax:
      return softmax(x, y, n, false);
    case Activation::log_softmax:
      return softmax(x, y, n, true);
  }
}

// d_x[i] = d_y[i] * derivative(x[i], y[i])
template <class T, class F>
void map_gradient(const T* x, const T* y, const T* d_y, T* d_x, int64_t n, F derivative) {
  for (int64_t i = 0; i < n; ++i) d_x[i] = d_y[i] * derivative(x[i], y[i]);
}

template <class T>
void softmax_gradient(const T* y, const T* d_y, T* d_x, int64_t n) {
  T dot = 0;
  for (int64_t i = 0; i < n; ++i) dot += d_y[i] * y[i];
  for (int64_t i = 0; i < n; ++i) d_x[i] = y[i] * (d_y[i] - dot);
}

template <class T>
void log_softmax_gradient(const T* y, const T* d_y, T* d_x, int64_t n) {
  T total = 0;
  for (int64_t i = 0; i < n; ++i) total += d_y[i];
  for (int64_t i = 0; i < n; ++i) d_x[i] = d_y[i] - exp_of(y[i]) * total;
}

template <class T>
void gradient_row(Activation f, const T* x, const T* y, const T* d_y, T* d_x, int64_t n) {
  const auto by = [&](auto derivative) { map_gradient(x, y, d_y, d_x, n, derivative); };
  switch (f) {
    case Activation::linear:
      return by([](T, T) { return T(1); });
    case Activation::relu:
      return by([](T v, T) { return T(v > 0); });
    case Activation::relu6:
      return by([](T v, T) { return T(v > 0 && v < 6); });
    case Activation::leaky_relu:
      return by([](T v, T) { return v > 0 ? T(1) : T(0.2); });
    case Activation::elu:
    case Activation::celu:
      return by([](T v, T a) { return v > 0 ? T(1) : a + 1; });
    case Activation::selu:
      return by([](T v, T a) { return v > 0 ? T(kSeluScale) : a + T(kSeluScale * kSeluAlpha); });
    case Activation::softplus:
      return by([](T v, T) { return sigmoid_of(v); });
    case Activation::squareplus:
      return by([](T v, T) { return (1 + v / sqrt_of(v * v + 4)) / 2; });
    case Activation::softsign:
      return by([](T v, T) {
        const T d = 1 + (v < 0 ? -v : v);
        return 1 / (d * d);
      });
    case Activation::silu:
      return by([](T v, T a) {
        const T s = sigmoid_of(v);
        return s + a * (1 - s);
      });
    case Activation::gelu:
      return by([](T v, T) {
        return T(0.5) * (1 + erf_of(v * T(kInverseSqrt2))) + v * T(kInverseSqrt2Pi) * exp_of(-v * v / 2);
      });
    case Activation::exponential:
      return by([](T, T a) { return a; });
    case Activation::tanh:
      return by([](T, T a) { return 1 - a * a; });
    case Activation::sigmoid:
      return by([](T, T a) { return a * (1 - a); });
    case Activation::hard_sigmoid:
      return by([](T v, T) { return v > -3 && v < 3 ? T(1) / 6 : T(0); });
    case Activation::hard_silu:
      return by([](T v, T) { return v <= -3 ? T(0) : v >= 3 ? T(1) : (2 * v + 3) / 6; });
    case Activation::hard_tanh:
      return by([](T v, T) { return T(v > -1 && v < 1); });
    case Activation::mish:
      return by([](T v, T) {
        const T t = tanh_of(softplus_of(v));
        return t + v * sigmoid_of(v) * (1 - t * t);
      });
    case Activation::log_sigmoid:
      return by([](T v, T) { return sigmoid_of(-v); });
    case Activation::tanh_shrink:
      return by([](T v, T a) { return (v - a) * (v - a); });
    case Activation::hard_shrink:
    case Activation::soft_shrink:
      return by([](T v, T) { return T(v < T(-0.5) || v > T(0.5)); });
    case Activation::sparse_plus:
      return by([](T v, T) { return v <= -1 ? T(0) : v >= 1 ? T(1) : (v + 1) / 2; });
    case Activation::sparse_sigmoid:
      return by([](T v, T) { return v > -1 && v < 1 ? T(0.5) : T(0); });
    case Activation::softmax:
      return softmax_gradient(y, d_y, d_x, n);
    case Activation::log_softmax:
      return log_softmax_gradient(y, d_y, d_x, n);
  }
}

}  // namespace

void activate(Activation f, const float* x, float* y, int64_t n) { activate_row(f, x, y, n); }
void activate(Activation f, const double* x, double* y, int64_t n) { activate_row(f, x, y, n); }
void activate_gradient(Activation f, const float* x, const float* y, const float* d_y, float* d_x, int64_t n) {
  gradient_row(f, x, y, d_y, d_x, n);
}
void activate_gradient(Activation f, const double* x, const double* y, const double* d_y, double* d_x, int64_t n) {
  gradient_row(f, x, y, d_y, d_x, n);
}
void log_row(const float* x, float* y, int64_t n) {
  map(x, y, n, [](float v) { return log_of(v); });
}
void log_row(const double* x, double* y, int64_t n) {
  map(x, y, n, [](double v) { return log_of(v); });
}

}  // namespace tidegate::TIDEGATE_ISA
