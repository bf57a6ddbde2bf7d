// LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000).
//
//   i, f, o = recurrent_activation(x . W + h . U + b),  g = activation(x . W + h . U + b)
//   c' = f c + i g
//   h' = o activation(c')
//
// Forward keeps the gates i f g o and the states; backward makes activation(c') again.
#include "kernels/backward.hpp"
#include "kernels/forward.hpp"
#include "simd/math.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

struct Lstm {
  static constexpr Cell kCell = Cell::lstm;

  template <int Stage, class T>
  TIDEGATE_INLINE void finish(const ForwardArgs<T>& a, int64_t t, int64_t b, int64_t panel,
                              const Vec<T> (&sums)[kSums]) {
    const int64_t unit = panel * kLanes<T>;
    const Vec<T> i = sigmoid<T>(sums[0]), f = sigmoid<T>(sums[1]), g = tanh<T>(sums[2]), o = sigmoid<T>(sums[3]);
    const Vec<T> c = fma(f, load(a.c.at(t, b) + unit), i * g);
    store(a.c.at(t + 1, b) + unit, c);
    store_output(a, t, b, panel, o * tanh<T>(c));
    if (a.gates.data) store_sums(a.gates.at(t, panel, b), {i, f, g, o});
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gradient(const BackwardArgs<T>& a, int64_t t, int64_t b, int64_t entry, int64_t panel) {
    const int64_t unit = panel * kLanes<T>, at = b * padded<T>(a.units) + unit;
    Vec<T> gate[kSums];
    load_sums(a.gates.at(t, panel, b), gate);
    const auto [i, f, g, o] = gate;
    const Vec<T> d_h = load(a.d_h + at), tanh_c = tanh<T>(load(a.c.at(t + 1, b) + unit));
    const Vec<T> d_c = fma(d_h * o, d_tanh<T>(tanh_c), load(a.d_c + at));
    store_sums(a.d_sums.at(0, panel, entry),
               {d_c * g * d_sigmoid<T>(i), d_c * load(a.c.at(t, b) + unit) * d_sigmoid<T>(f), d_c * i * d_tanh<T>(g),
                d_h * tanh_c * d_sigmoid<T>(o)});
    store(a.d_c + at, d_c * f);
    store(a.d_h + at, broadcast(T(0)));
  }

  template <int Stage, class T>
  static void finish_row(const ForwardArgs<T>& a, int64_t t, int64_t b) {
    const int64_t panels = panels_of<T>(a.units), V = padded<T>(a.units);
    T* gate[kSums];
    for (int s = 0; s < kSums; ++s) {
      gate[s] = a.row_buffer + s * V;
      gather(a.sums, t, b, s, panels, gate[s]);
      activate(s == 2 ? a.activation : a.recurrent_activation, gate[s], gate[s], a.units);
      scatter(gate[s], a.gates, t, b, s, panels);
    }
    const auto [i, f, g, o] = gate;
    const T* c = a.c.at(t, b);
    T* c_next = a.c.at(t + 1, b);
    T* h = a.row_buffer + kSums * V;
    for (int64_t u = 0; u < a.units; ++u) c_next[u] = f[u] * c[u] + i[u] * g[u];
    activate(a.activation, c_next, h, a.units);
    for (int64_t u = 0; u < a.units; ++u) h[u] *= o[u];
    store_output_row(a, t, b, h);
  }

  template <int Stage, class T>
  static void finish_gradient_row(const BackwardArgs<T>& a, int64_t t, int64_t b, int64_t entry) {
    const int64_t panels = panels_of<T>(a.units), V = padded<T>(a.units);
    T *gate[kSums], *sum[kSums], *d_gate[kSums];
    for (int s = 0; s < kSums; ++s) {
      gate[s] = a.row_buffer + s * V;
      sum[s] = a.row_buffer + (kSums + s) * V;
      d_gate[s] = a.row_buffer + (2 * kSums + s) * V;
      gather(a.gates, t, b, s, panels, gate[s]);
      gather(a.sums, t, b, s, panels, sum[s]);
    }
    T *activated_c = a.row_buffer + 3 * kSums * V, *through_h = activated_c + V;
    const T *c = a.c.at(t + 1, b), *c_before = a.c.at(t, b);
    T *d_h = a.d_h + b * V, *d_c = a.d_c + b * V;
    const auto [i, f, g, o] = gate;

    activate(a.activation, c, activated_c, a.units);
    for (int64_t u = 0; u < a.units; ++u) through_h[u] = d_h[u] * o[u];
    activate_gradient(a.activation, c, activated_c, through_h, through_h, a.units);
    for (int64_t u = 0; u < a.units; ++u) {
      const T d = d_c[u] + through_h[u];
      d_gate[0][u] = d * g[u];
      d_gate[1][u] = d * c_before[u];
      d_gate[2][u] = d * i[u];
      d_gate[3][u] = d_h[u] * activated_c[u];
      d_c[u] = d * f[u];
      d_h[u] = 0;
    }
    for (int s = 0; s < kSums; ++s) {
      activate_gradient(s == 2 ? a.activation : a.recurrent_activation, sum[s], gate[s], d_gate[s], d_gate[s], a.units);
      scatter(d_gate[s], a.d_sums, 0, entry, s, panels);
    }
  }
};

}  // namespace

void forward_lstm(const ForwardArgs<float>& a) { Forward<float, Lstm>(a).run(); }
void forward_lstm(const ForwardArgs<double>& a) { Forward<double, Lstm>(a).run(); }
void backward_lstm(const BackwardArgs<float>& a) { Backward<float, Lstm>(a).run(); }
void backward_lstm(const BackwardArgs<double>& a) { Backward<double, Lstm>(a).run(); }

}  // namespace tidegate::TIDEGATE_ISA
