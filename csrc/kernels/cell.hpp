// What every recurrent cell's kernels share: their view of one timestep, and rows of gates.
#pragma once

#include "kernels/activation.hpp"
#include "kernels/tile.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// [P, B, S, L] of one timestep.
template <class T>
struct Panels {
  T* data;  // null: absent
  int64_t panel_stride, row_stride;

  Panels(const Gates<T>& gates, int64_t t)
      : data(gates.data ? gates.at(t, 0, 0) : nullptr),
        panel_stride(gates.panel_stride),
        row_stride(gates.row_stride) {}

  T* at(int64_t panel, int64_t b) const { return data + panel * panel_stride + b * row_stride; }
};

// A timestep as a forward pass sees it. States are [B, V].
template <class T>
struct ForwardStep {
  int64_t units, V;
  Activation activation, recurrent_activation;
  const T *h, *c;
  T *h_next, *c_next;
  T* y;  // the step's outputs, [.., U] a row; null: absent
  int64_t y_row_stride;
  Panels<T> gates, sums;
  T *reset_h, *row_buffer;

  ForwardStep(const ForwardArgs<T>& a, int64_t t)
      : units(a.units),
        V(a.h.row_stride),
        activation(a.activation),
        recurrent_activation(a.recurrent_activation),
        h(a.h.at(t, 0)),
        c(a.c.data ? a.c.at(t, 0) : nullptr),
        h_next(a.h.at(t + 1, 0)),
        c_next(a.c.data ? a.c.at(t + 1, 0) : nullptr),
        y(a.y.data ? a.y.at(t, 0) : nullptr),
        y_row_stride(a.y.row_stride),
        gates(a.gates, t),
        sums(a.sums, t),
        reset_h(a.reset_h),
        row_buffer(a.row_buffer) {}

  int64_t panels() const { return V / kLanes<T>; }

  // One vector of the new state, and of the output where the whole sequence is one.
  TIDEGATE_INLINE_MEMBER void store_output(int64_t b, int64_t panel, Vec<T> value) const {
    const int64_t unit = panel * kLanes<T>;
    store(h_next + b * V + unit, value);
    if (y) store_first(y + b * y_row_stride + unit, value, units - unit);
  }

  void store_output_row(int64_t b, const T* row) const {
    for (int64_t panel = 0; panel < panels(); ++panel) store_output(b, panel, load(row + panel * kLanes<T>));
  }
};

// A timestep as a backward pass sees it; `entry` numbers the rows of d_sums and reset_h, b those of all the others.
template <class T>
struct BackwardStep {
  int64_t units, V;
  Activation activation, recurrent_activation;
  const T *h, *h_next, *c, *c_next;
  Panels<T> gates, sums;
  T *d_h, *d_c, *d_reset_h;
  Panels<T> d_sums;
  T *reset_h, *row_buffer;

  BackwardStep(const BackwardArgs<T>& a, int64_t t)
      : units(a.units),
        V(a.h.row_stride),
        activation(a.activation),
        recurrent_activation(a.recurrent_activation),
        h(a.h.at(t, 0)),
        h_next(a.h.at(t + 1, 0)),
        c(a.c.data ? a.c.at(t, 0) : nullptr),
        c_next(a.c.data ? a.c.at(t + 1, 0) : nullptr),
        gates(a.gates, t),
        sums(a.sums, t),
        d_h(a.d_h),
        d_c(a.d_c),
        d_reset_h(a.d_reset_h),
        d_sums(a.d_sums, 0),
        reset_h(a.reset_h),
        row_buffer(a.row_buffer) {}

  int64_t panels() const { return V / kLanes<T>; }
};

template <class T>
TIDEGATE_INLINE void store_sums(T* p, const Vec<T> (&sums)[kSums]) {
  TIDEGATE_UNROLL
  for (int s = 0; s < kSums; ++s) store(p + s * kLanes<T>, sums[s]);
}

template <class T>
TIDEGATE_INLINE void load_sums(const T* p, Vec<T> (&sums)[kSums]) {
  TIDEGATE_UNROLL
  for (int s = 0; s < kSums; ++s) sums[s] = load(p + s * kLanes<T>);
}

// Sum s of all units of a row, between the panels it is stored in and one contiguous row [V].
template <class T>
void gather(const Panels<T>& panels, int64_t b, int s, int64_t count, T* row) {
  for (int64_t p = 0; p < count; ++p) store(row + p * kLanes<T>, load(panels.at(p, b) + s * kLanes<T>));
}

template <class T>
void scatter(const T* row, const Panels<T>& panels, int64_t b, int s, int64_t count) {
  if (!panels.data) return;
  for (int64_t p = 0; p < count; ++p) store(panels.at(p, b) + s * kLanes<T>, load(row + p * kLanes<T>));
}

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
