// GRU (Cho et al. 2014), in both of Keras's forms.
//
//   z, r = recurrent_activation(x . W + h . U + b)
//   reset_after=True:   candidate = activation(x . W_h + b_h + r (h . U_h + b_rh))
//   reset_after=False:  candidate = activation(x . W_h + b_h + (r h) . U_h)
//   h' = z h + (1 - z) candidate
//
// With reset_after the recurrent share h . U_h + b_rh is a fourth sum beside z, r and the input's share; without it,
// r h is multiplied in a second stage, once r is known. Forward keeps z, r, the candidate and the recurrent share.
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
  TIDEGATE_INLINE void finish(const ForwardArgs<T>& a, int64_t t, int64_t b, int64_t panel,
                              const Vec<T> (&sums)[kSums]) {
    const Vec<T> z = sigmoid<T>(sums[0]), r = sigmoid<T>(sums[1]), candidate = tanh<T>(fma(r, sums[3], sums[2]));
    store_output(a, t, b, panel, blend<T>(z, load(a.h.at(t, b) + panel * kLanes<T>), candidate));
    if (a.gates.data) store_sums(a.gates.at(t, panel, b), {z, r, candidate, sums[3]});
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gradient(const BackwardArgs<T>& a, int64_t t, int64_t b, int64_t entry, int64_t panel) {
    const int64_t unit = panel * kLanes<T>, at = b * padded<T>(a.units) + unit;
    Vec<T> gate[kSums];
    load_sums(a.gates.at(t, panel, b), gate);
    const auto [z, r, candidate, share] = gate;
    const Vec<T> d_h = load(a.d_h + at), d_candidate = d_h * (broadcast(T(1)) - z) * d_tanh<T>(candidate);
    store_sums(a.d_sums.at(0, panel, entry),
               {d_h * (load(a.h.at(t, b) + unit) - candidate) * d_sigmoid<T>(z),
                d_candidate * share * d_sigmoid<T>(r), d_candidate, d_candidate * r});
    store(a.d_h + at, d_h * z);
  }

  template <int Stage, class T>
  static void finish_row(const ForwardArgs<T>& a, int64_t t, int64_t b) {
    const int64_t panels = panels_of<T>(a.units), V = padded<T>(a.units);
    const Rows<T> rows(a.row_buffer, V);
    const auto [z, r, candidate, share] = rows.gate;
    for (int s = 0; s < kSums; ++s) gather(a.sums, t, b, s, panels, rows.gate[s]);
    activate(a.recurrent_activation, z, z, a.units);
    activate(a.recurrent_activation, r, r, a.units);
    for (int64_t u = 0; u < a.units; ++u) candidate[u] += r[u] * share[u];
    scatter(candidate, a.sums, t, b, 2, panels);  // what the activation is applied to
    activate(a.activation, candidate, candidate, a.units);
    for (int s = 0; s < kSums; ++s) scatter(rows.gate[s], a.gates, t, b, s, panels);
    const T* h = a.h.at(t, b);
    for (int64_t u = 0; u < a.units; ++u) share[u] = z[u] * h[u] + (1 - z[u]) * candidate[u];
    store_output_row(a, t, b, share);
  }

  template <int Stage, class T>
  static void finish_gradient_row(const BackwardArgs<T>& a, int64_t t, int64_t b, int64_t entry) {
    const int64_t panels = panels_of<T>(a.units), V = padded<T>(a.units);
    const Rows<T> rows(a.row_buffer, V);
    for (int s = 0; s < kSums; ++s) {
      gather(a.gates, t, b, s, panels, rows.gate[s]);
      gather(a.sums, t, b, s, panels, rows.sum[s]);
    }
    const auto [z, r, candidate, share] = rows.gate;
    const auto [d_z, d_r, d_candidate, d_share] = rows.d;
    const T* h = a.h.at(t, b);
    T* d_h = a.d_h + b * V;
    for (int64_t u = 0; u < a.units; ++u) {
      d_z[u] = d_h[u] * (h[u] - candidate[u]);
      d_candidate[u] = d_h[u] * (1 - z[u]);
      d_h[u] *= z[u];
    }
    activate_gradient(a.activation, rows.sum[2], candidate, d_candidate, d_candidate, a.units);
    for (int64_t u = 0; u < a.units; ++u) {
      d_r[u] = d_candidate[u] * share[u];
      d_share[u] = d_candidate[u] * r[u];
    }
    activate_gradient(a.recurrent_activation, rows.sum[0], z, d_z, d_z, a.units);
    activate_gradient(a.recurrent_activation, rows.sum[1], r, d_r, d_r, a.units);
    for (int s = 0; s < kSums; ++s) scatter(rows.d[s], a.d_sums, 0, entry, s, panels);
  }
};

struct GruResetBefore {
  static constexpr Cell kCell = Cell::gru_reset_before;

  template <int Stage, class T>
  TIDEGATE_INLINE void finish(const ForwardArgs<T>& a, int64_t t, int64_t b, int64_t panel,
                              const Vec<T> (&sums)[kSums]) {
    const int64_t unit = panel * kLanes<T>;
    const Vec<T> h = load(a.h.at(t, b) + unit), r = sigmoid<T>(sums[1]);
    if constexpr (Stage == 0) {
      store(a.reset_h + b * a.h.row_stride + unit, r * h);
      store_sums(a.sums.at(t, panel, b), sums);
    } else {
      const Vec<T> z = sigmoid<T>(sums[0]), candidate = tanh<T>(sums[2]);
      store_output(a, t, b, panel, blend<T>(z, h, candidate));
      if (a.gates.data) store_sums(a.gates.at(t, panel, b), {z, r, candidate, sums[3]});
    }
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gradient(const BackwardArgs<T>& a, int64_t t, int64_t b, int64_t entry, int64_t panel) {
    const int64_t unit = panel * kLanes<T>, V = padded<T>(a.units), at = b * V + unit;
    Vec<T> gate[kSums];
    load_sums(a.gates.at(t, panel, b), gate);
    const Vec<T> z = gate[0], r = gate[1], candidate = gate[2];
    const Vec<T> h = load(a.h.at(t, b) + unit), d_h = load(a.d_h + at);
    T* d_sums = a.d_sums.at(0, panel, entry);
    if constexpr (Stage == 1) {
      store(a.reset_h + entry * V + unit, r * h);
      store(d_sums, d_h * (h - candidate) * d_sigmoid<T>(z));
      store(d_sums + 2 * kLanes<T>, d_h * (broadcast(T(1)) - z) * d_tanh<T>(candidate));
      store(a.d_h + at, d_h * z);
    } else {
      const Vec<T> d_reset_h = load(a.d_reset_h + at);
      store(d_sums + kLanes<T>, d_reset_h * h * d_sigmoid<T>(r));
      store(a.d_h + at, fma(d_reset_h, r, d_h));
    }
  }

  template <int Stage, class T>
  static void finish_row(const ForwardArgs<T>& a, int64_t t, int64_t b) {
    const int64_t panels = panels_of<T>(a.units), V = padded<T>(a.units);
    const Rows<T> rows(a.row_buffer, V);
    const auto [z, r, candidate, next] = rows.gate;
    const T* h = a.h.at(t, b);
    gather(a.sums, t, b, 1, panels, r);
    activate(a.recurrent_activation, r, r, a.units);
    if constexpr (Stage == 0) {
      T* reset_h = a.reset_h + b * V;
      for (int64_t u = 0; u < a.units; ++u) reset_h[u] = r[u] * h[u];
    } else {
      gather(a.sums, t, b, 0, panels, z);
      gather(a.sums, t, b, 2, panels, candidate);
      activate(a.recurrent_activation, z, z, a.units);
      activate(a.activation, candidate, candidate, a.units);
      for (int s = 0; s < 3; ++s) scatter(rows.gate[s], a.gates, t, b, s, panels);
      for (int64_t u = 0; u < a.units; ++u) next[u] = z[u] * h[u] + (1 - z[u]) * candidate[u];
      store_output_row(a, t, b, next);
    }
  }

  template <int Stage, class T>
  static void finish_gradient_row(const BackwardArgs<T>& a, int64_t t, int64_t b, int64_t entry) {
    const int64_t panels = panels_of<T>(a.units), V = padded<T>(a.units);
    const Rows<T> rows(a.row_buffer, V);
    for (int s = 0; s < 3; ++s) {
      gather(a.gates, t, b, s, panels, rows.gate[s]);
      gather(a.sums, t, b, s, panels, rows.sum[s]);
    }
    const auto [z, r, candidate, unused] = rows.gate;
    const auto [d_z, d_r, d_candidate, d_unused] = rows.d;
    const T *h = a.h.at(t, b), *d_reset_h = a.d_reset_h + b * V;
    T *d_h = a.d_h + b * V, *reset_h = a.reset_h + entry * V;
    if constexpr (Stage == 1) {
      for (int64_t u = 0; u < a.units; ++u) {
        reset_h[u] = r[u] * h[u];
        d_z[u] = d_h[u] * (h[u] - candidate[u]);
        d_candidate[u] = d_h[u] * (1 - z[u]);
        d_h[u] *= z[u];
      }
      activate_gradient(a.recurrent_activation, rows.sum[0], z, d_z, d_z, a.units);
      activate_gradient(a.activation, rows.sum[2], candidate, d_candidate, d_candidate, a.units);
      scatter(d_z, a.d_sums, 0, entry, 0, panels);
      scatter(d_candidate, a.d_sums, 0, entry, 2, panels);
    } else {
      for (int64_t u = 0; u < a.units; ++u) {
        d_r[u] = d_reset_h[u] * h[u];
        d_h[u] += d_reset_h[u] * r[u];
      }
      activate_gradient(a.recurrent_activation, rows.sum[1], r, d_r, d_r, a.units);
      scatter(d_r, a.d_sums, 0, entry, 1, panels);
    }
  }
};

}  // namespace

void forward_gru(const ForwardArgs<float>& a) { Forward<float, Gru>(a).run(); }
void forward_gru(const ForwardArgs<double>& a) { Forward<double, Gru>(a).run(); }
void backward_gru(const BackwardArgs<float>& a) { Backward<float, Gru>(a).run(); }
void backward_gru(const BackwardArgs<double>& a) { Backward<double, Gru>(a).run(); }

void forward_gru_reset_before(const ForwardArgs<float>& a) { Forward<float, GruResetBefore>(a).run(); }
void forward_gru_reset_before(const ForwardArgs<double>& a) { Forward<double, GruResetBefore>(a).run(); }
void backward_gru_reset_before(const BackwardArgs<float>& a) { Backward<float, GruResetBefore>(a).run(); }
void backward_gru_reset_before(const BackwardArgs<double>& a) { Backward<double, GruResetBefore>(a).run(); }

}  // namespace tidegate::TIDEGATE_ISA
