// GRU (Cho et al. 2014), in both of Keras's forms.
//
//   z, r = recurrent_activation(x . W + h . U + b)
//   reset_after=True:   candidate = activation(x . W_h + b_h + r (h . U_h + b_rh))
//   reset_after=False:  candidate = activation(x . W_h + b_h + (r h) . U_h)
//   h' = z h + (1 - z) candidate
//
// With reset_after the recurrent share h . U_h + b_rh is a fourth sum beside z, r and the input's share; without it,
// r h is multiplied in a second stage, once r is known. Forward keeps z, r, the candidate and the recurrent share.
#pragma once

#include "kernels/backward.hpp"
#include "kernels/forward.hpp"
#include "simd/math.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// h' = candidate + z (h - candidate)
template <class T>
TIDEGATE_INLINE Vec<T> blend(Vec<T> z, Vec<T> h, Vec<T> candidate) {
  return fma(z, h - candidate, candidate);
}

// Row buffers of one row: activated gates, sums, and gradients, all [V].
template <class T>
struct Rows {
  T *gate[kSums], *sum[kSums], *d[kSums];

  Rows(T* buffer, int64_t V) {
    for (int s = 0; s < kSums; ++s) {
      gate[s] = buffer + s * V;
      sum[s] = buffer + (kSums + s) * V;
      d[s] = buffer + (2 * kSums + s) * V;
    }
  }
};

struct Gru {
  static constexpr Cell kCell = Cell::gru;

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gates(const ForwardStep<T>&, int64_t, int64_t, T* sums) {
    Vec<T> sum[kSums];
    load_sums(sums, sum);
    const Vec<T> z = sigmoid<T>(sum[0]), r = sigmoid<T>(sum[1]);
    store_sums(sums, {z, r, fma(r, sum[3], sum[2]), sum[3]});
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_output(const ForwardStep<T>& step, int64_t b, int64_t panel, const T* sums) {
    Vec<T> gate[kSums];
    load_sums(sums, gate);
    const auto [z, r, candidate_sum, share] = gate;
    const Vec<T> candidate = tanh<T>(candidate_sum);
    step.store_output(b, panel, blend<T>(z, load(step.h + b * step.V + panel * kLanes<T>), candidate));
    if (step.gates.data) store_sums(step.gates.at(panel, b), {z, r, candidate, share});
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gradient(const BackwardStep<T>& step, int64_t b, int64_t entry, int64_t panel) {
    const int64_t at = b * step.V + panel * kLanes<T>;
    Vec<T> gate[kSums];
    load_sums(step.gates.at(panel, b), gate);
    const auto [z, r, candidate, share] = gate;
    const Vec<T> d_h = load(step.d_h + at), d_candidate = d_h * (broadcast(T(1)) - z) * d_tanh<T>(candidate);
    store_sums(step.d_sums.at(panel, entry), {d_h * (load(step.h + at) - candidate) * d_sigmoid<T>(z),
                                              d_candidate * share * d_sigmoid<T>(r), d_candidate, d_candidate * r});
    store(step.d_h + at, d_h * z);
  }

  template <int Stage, class T>
  static void finish_row(const ForwardStep<T>& step, int64_t b) {
    const int64_t panels = step.panels(), V = step.V;
    const Rows<T> rows(step.row_buffer, V);
    const auto [z, r, candidate, share] = rows.gate;
    for (int s = 0; s < kSums; ++s) gather(step.sums, b, s, panels, rows.gate[s]);
    activate(step.recurrent_activation, z, z, step.units);
    activate(step.recurrent_activation, r, r, step.units);
    for (int64_t u = 0; u < step.units; ++u) candidate[u] += r[u] * share[u];
    scatter(candidate, step.sums, b, 2, panels);  // what the activation is applied to
    activate(step.activation, candidate, candidate, step.units);
    for (int s = 0; s < kSums; ++s) scatter(rows.gate[s], step.gates, b, s, panels);
    const T* h = step.h + b * V;
    for (int64_t u = 0; u < step.units; ++u) share[u] = z[u] * h[u] + (1 - z[u]) * candidate[u];
    step.store_output_row(b, share);
  }

  template <int Stage, class T>
  static void finish_gradient_row(const BackwardStep<T>& step, int64_t b, int64_t entry) {
    const int64_t panels = step.panels(), V = step.V;
    const Rows<T> rows(step.row_buffer, V);
    for (int s = 0; s < kSums; ++s) {
      gather(step.gates, b, s, panels, rows.gate[s]);
      gather(step.sums, b, s, panels, rows.sum[s]);
    }
    const auto [z, r, candidate, share] = rows.gate;
    const auto [d_z, d_r, d_candidate, d_share] = rows.d;
    const T* h = step.h + b * V;
    T* d_h = step.d_h + b * V;
    for (int64_t u = 0; u < step.units; ++u) {
      d_z[u] = d_h[u] * (h[u] - candidate[u]);
      d_candidate[u] = d_h[u] * (1 - z[u]);
      d_h[u] *= z[u];
    }
    activate_gradient(step.activation, rows.sum[2], candidate, d_candidate, d_candidate, step.units);
    for (int64_t u = 0; u < step.units; ++u) {
      d_r[u] = d_candidate[u] * share[u];
      d_share[u] = d_candidate[u] * r[u];
    }
    activate_gradient(step.recurrent_activation, rows.sum[0], z, d_z, d_z, step.units);
    activate_gradient(step.recurrent_activation, rows.sum[1], r, d_r, d_r, step.units);
    for (int s = 0; s < kSums; ++s) scatter(rows.d[s], step.d_sums, entry, s, panels);
  }
};

struct GruResetBefore {
  static constexpr Cell kCell = Cell::gru_reset_before;

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gates(const ForwardStep<T>& step, int64_t b, int64_t panel, T* sums) {
    const int64_t at = b * step.V + panel * kLanes<T>;
    if constexpr (Stage == 0) {
      const Vec<T> z = sigmoid<T>(load(sums)), r = sigmoid<T>(load(sums + kLanes<T>));
      store(step.reset_h + at, r * load(step.h + at));
      store_sums(step.sums.at(panel, b), {z, r, load(sums + 2 * kLanes<T>), broadcast(T(0))});
    }
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_output(const ForwardStep<T>& step, int64_t b, int64_t panel, const T* sums) {
    if constexpr (Stage == 1) {
      const T* gate = step.sums.at(panel, b);
      const Vec<T> z = load(gate), r = load(gate + kLanes<T>), candidate = tanh<T>(load(sums + 2 * kLanes<T>));
      step.store_output(b, panel, blend<T>(z, load(step.h + b * step.V + panel * kLanes<T>), candidate));
      if (step.gates.data) store_sums(step.gates.at(panel, b), {z, r, candidate, broadcast(T(0))});
    }
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gradient(const BackwardStep<T>& step, int64_t b, int64_t entry, int64_t panel) {
    const int64_t unit = panel * kLanes<T>, at = b * step.V + unit;
    Vec<T> gate[kSums];
    load_sums(step.gates.at(panel, b), gate);
    const Vec<T> z = gate[0], r = gate[1], candidate = gate[2];
    const Vec<T> h = load(step.h + at), d_h = load(step.d_h + at);
    T* d_sums = step.d_sums.at(panel, entry);
    if constexpr (Stage == 1) {
      store(step.reset_h + entry * step.V + unit, r * h);
      store(d_sums, d_h * (h - candidate) * d_sigmoid<T>(z));
      store(d_sums + 2 * kLanes<T>, d_h * (broadcast(T(1)) - z) * d_tanh<T>(candidate));
      store(step.d_h + at, d_h * z);
    } else {
      const Vec<T> d_reset_h = load(step.d_reset_h + at);
      store(d_sums + kLanes<T>, d_reset_h * h * d_sigmoid<T>(r));
      store(step.d_h + at, fma(d_reset_h, r, d_h));
    }
  }

  template <int Stage, class T>
  static void finish_row(const ForwardStep<T>& step, int64_t b) {
    const int64_t panels = step.panels(), V = step.V;
    const Rows<T> rows(step.row_buffer, V);
    const auto [z, r, candidate, next] = rows.gate;
    const T* h = step.h + b * V;
    gather(step.sums, b, 1, panels, r);
    activate(step.recurrent_activation, r, r, step.units);
    if constexpr (Stage == 0) {
      T* reset_h = step.reset_h + b * V;
      for (int64_t u = 0; u < step.units; ++u) reset_h[u] = r[u] * h[u];
    } else {
      gather(step.sums, b, 0, panels, z);
      gather(step.sums, b, 2, panels, candidate);
      activate(step.recurrent_activation, z, z, step.units);
      activate(step.activation, candidate, candidate, step.units);
      for (int s = 0; s < 3; ++s) scatter(rows.gate[s], step.gates, b, s, panels);
      for (int64_t u = 0; u < step.units; ++u) next[u] = z[u] * h[u] + (1 - z[u]) * candidate[u];
      step.store_output_row(b, next);
    }
  }

  template <int Stage, class T>
  static void finish_gradient_row(const BackwardStep<T>& step, int64_t b, int64_t entry) {
    const int64_t panels = step.panels(), V = step.V;
    const Rows<T> rows(step.row_buffer, V);
    for (int s = 0; s < 3; ++s) {
      gather(step.gates, b, s, panels, rows.gate[s]);
      gather(step.sums, b, s, panels, rows.sum[s]);
    }
    const auto [z, r, candidate, unused] = rows.gate;
    const auto [d_z, d_r, d_candidate, d_unused] = rows.d;
    const T *h = step.h + b * V, *d_reset_h = step.d_reset_h + b * V;
    T *d_h = step.d_h + b * V, *reset_h = step.reset_h + entry * V;
    if constexpr (Stage == 1) {
      for (int64_t u = 0; u < step.units; ++u) {
        reset_h[u] = r[u] * h[u];
        d_z[u] = d_h[u] * (h[u] - candidate[u]);
        d_candidate[u] = d_h[u] * (1 - z[u]);
        d_h[u] *= z[u];
      }
      activate_gradient(step.recurrent_activation, rows.sum[0], z, d_z, d_z, step.units);
      activate_gradient(step.activation, rows.sum[2], candidate, d_candidate, d_candidate, step.units);
      scatter(d_z, step.d_sums, entry, 0, panels);
      scatter(d_candidate, step.d_sums, entry, 2, panels);
    } else {
      for (int64_t u = 0; u < step.units; ++u) {
        d_r[u] = d_reset_h[u] * h[u];
        d_h[u] += d_reset_h[u] * r[u];
      }
      activate_gradient(step.recurrent_activation, rows.sum[1], r, d_r, d_r, step.units);
      scatter(d_r, step.d_sums, entry, 1, panels);
    }
  }
};

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
