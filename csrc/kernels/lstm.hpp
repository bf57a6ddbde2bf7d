// LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000).
//
//   i, f, o = recurrent_activation(x . W + h . U + b),  g = activation(x . W + h . U + b)
//   c' = f c + i g
//   h' = o activation(c')
//
// Forward keeps the gates i f g o and the states; backward makes activation(c') again.
#pragma once

#include "kernels/backward.hpp"
#include "kernels/forward.hpp"
#include "simd/math.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

struct Lstm {
  static constexpr Cell kCell = Cell::lstm;

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gates(const ForwardStep<T>& step, int64_t b, int64_t panel, T* sums) {
    const int64_t at = b * step.V + panel * kLanes<T>;
    Vec<T> sum[kSums];
    load_sums(sums, sum);
    const Vec<T> i = sigmoid<T>(sum[0]), f = sigmoid<T>(sum[1]), g = tanh<T>(sum[2]), o = sigmoid<T>(sum[3]);
    store(step.c_next + at, fma(f, load(step.c + at), i * g));
    store(sums + 3 * kLanes<T>, o);
    if (step.gates.data) store_sums(step.gates.at(panel, b), {i, f, g, o});
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_output(const ForwardStep<T>& step, int64_t b, int64_t panel, const T* sums) {
    const Vec<T> o = load(sums + 3 * kLanes<T>), c = load(step.c_next + b * step.V + panel * kLanes<T>);
    step.store_output(b, panel, o * tanh<T>(c));
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gradient(const BackwardStep<T>& step, int64_t b, int64_t entry, int64_t panel) {
    const int64_t at = b * step.V + panel * kLanes<T>;
    Vec<T> gate[kSums];
    load_sums(step.gates.at(panel, b), gate);
    const auto [i, f, g, o] = gate;
    const Vec<T> d_h = load(step.d_h + at), tanh_c = tanh<T>(load(step.c_next + at));
    const Vec<T> d_c = fma(d_h * o, d_tanh<T>(tanh_c), load(step.d_c + at));
    store_sums(step.d_sums.at(panel, entry), {d_c * g * d_sigmoid<T>(i), d_c * load(step.c + at) * d_sigmoid<T>(f),
                                              d_c * i * d_tanh<T>(g), d_h * tanh_c * d_sigmoid<T>(o)});
    store(step.d_c + at, d_c * f);
    store(step.d_h + at, broadcast(T(0)));
  }

  template <int Stage, class T>
  static void finish_row(const ForwardStep<T>& step, int64_t b) {
    const int64_t panels = step.panels(), V = step.V;
    T* gate[kSums];
    for (int s = 0; s < kSums; ++s) {
      gate[s] = step.row_buffer + s * V;
      gather(step.sums, b, s, panels, gate[s]);
      activate(s == 2 ? step.activation : step.recurrent_activation, gate[s], gate[s], step.units);
      scatter(gate[s], step.gates, b, s, panels);
    }
    const auto [i, f, g, o] = gate;
    const T* c = step.c + b * V;
    T* c_next = step.c_next + b * V;
    T* h = step.row_buffer + kSums * V;
    for (int64_t u = 0; u < step.units; ++u) c_next[u] = f[u] * c[u] + i[u] * g[u];
    activate(step.activation, c_next, h, step.units);
    for (int64_t u = 0; u < step.units; ++u) h[u] *= o[u];
    step.store_output_row(b, h);
  }

  template <int Stage, class T>
  static void finish_gradient_row(const BackwardStep<T>& step, int64_t b, int64_t entry) {
    const int64_t panels = step.panels(), V = step.V;
    T *gate[kSums], *sum[kSums], *d_gate[kSums];
    for (int s = 0; s < kSums; ++s) {
      gate[s] = step.row_buffer + s * V;
      sum[s] = step.row_buffer + (kSums + s) * V;
      d_gate[s] = step.row_buffer + (2 * kSums + s) * V;
      gather(step.gates, b, s, panels, gate[s]);
      gather(step.sums, b, s, panels, sum[s]);
    }
    T *activated_c = step.row_buffer + 3 * kSums * V, *through_h = activated_c + V;
    const T *c = step.c_next + b * V, *c_before = step.c + b * V;
    T *d_h = step.d_h + b * V, *d_c = step.d_c + b * V;
    const auto [i, f, g, o] = gate;

    activate(step.activation, c, activated_c, step.units);
    for (int64_t u = 0; u < step.units; ++u) through_h[u] = d_h[u] * o[u];
    activate_gradient(step.activation, c, activated_c, through_h, through_h, step.units);
    for (int64_t u = 0; u < step.units; ++u) {
      const T d = d_c[u] + through_h[u];
      d_gate[0][u] = d * g[u];
      d_gate[1][u] = d * c_before[u];
      d_gate[2][u] = d * i[u];
      d_gate[3][u] = d_h[u] * activated_c[u];
      d_c[u] = d * f[u];
      d_h[u] = 0;
    }
    for (int s = 0; s < kSums; ++s) {
      activate_gradient(s == 2 ? step.activation : step.recurrent_activation, sum[s], gate[s], d_gate[s], d_gate[s],
                        step.units);
      scatter(d_gate[s], step.d_sums, entry, s, panels);
    }
  }
};

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
