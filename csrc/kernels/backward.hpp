// Back-propagation through time of a recurrent cell, over a block of timesteps: what the cells have in common.
//
// From the gradient of the state after a step, the cell makes the gradient of its sums (d_sums), and d_sums times the
// transposed recurrent kernel is the gradient of the state before the step. Rows of the batch are independent; the
// gradients of weights and inputs are products over all entries of the block, made by the caller while d_sums is in
// cache. Masked steps have no entry: they are skipped, not multiplied by zero.
//
// A cell provides, beside what forward.hpp names,
//   finish_gradient<stage>(step, b, entry, panel)   d_sums of one vector of units, for tanh and sigmoid
//   finish_gradient_row<stage>(step, b, entry)      one row with any activations
// Both replace d_h by the part of the gradient that reaches the previous state directly.
#pragma once

#include "kernels/cell.hpp"
#include "kernels/table.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class T, class Cell>
class Backward {
 public:
  explicit Backward(const BackwardArgs<T>& args)
      : a(args),
        panels(args.h.row_stride / L),
        V(args.h.row_stride),
        first(args.panel_begin * L),
        end(args.panel_end * L) {}

  void run() const {
    for (int64_t t = a.time_end - 1; t >= a.time_begin; --t) {
      const BackwardStep<T> step(a, t);
      const int64_t rows = activate_rows(t);
      if constexpr (kLayout.stages == 2) stage<1>(t, step, rows, a.d_reset_h, false);
      stage<0>(t, step, rows, a.d_h, true);
    }
  }

 private:
  static constexpr CellLayout kLayout = layout_of(Cell::kCell);
  static constexpr int L = kLanes<T>;

  int64_t entry(int64_t t, int64_t b) const { return a.entry[(t - a.time_begin) * a.batch + b]; }

  // Lists the rows for which step t is real, and brings the gradient of the outputs to where it belongs.
  int64_t activate_rows(int64_t t) const {
    int64_t count = 0;
    for (int64_t b = a.row_begin; b < a.row_end; ++b) {
      const bool real = entry(t, b) >= 0;
      if (real) a.active[count++] = int32_t(b);
      const int64_t at = b * V + first;
      if (a.d_y.data && (real || !a.zero_output_for_mask))
        add(a.d_y.at(t, b) + first, (real ? a.d_h : a.d_output) + at, (end < a.units ? end : a.units) - first);
      if (real && a.d_output) {
        add(a.d_output + at, a.d_h + at, end - first);
        memset(a.d_output + at, 0, (end - first) * sizeof(T));
      }
    }
    return count;
  }

  static void add(const T* from, T* to, int64_t n) {
    for (int64_t i = 0; i < n; ++i) to[i] += from[i];
  }

  template <int Stage>
  void stage(int64_t t, const BackwardStep<T>& step, int64_t rows, T* d_state, bool add_to_state) const {
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t b = a.active[i], e = entry(t, b);
      if (a.fused)
        for (int64_t panel = a.panel_begin; panel < a.panel_end; ++panel)
          Cell::template finish_gradient<Stage>(step, b, e, panel);
      else
        Cell::template finish_gradient_row<Stage>(step, b, e);
      if (a.tail > 0 && a.panel_end == panels) pack_tail(e);
      a.from[i] = a.d_sums.at(0, 0, e);
      a.to[i] = d_state + b * V + first;
    }
    a.meeting();
    constexpr Slots recurrent = kLayout.recurrent[Stage];
    if (a.dropout.h) return dropped_gates<Stage>(rows, d_state, add_to_state);
    if (rows == 0) return;
    const Runs runs = runs_of(recurrent, panels - (a.tail > 0), a.d_sums.panel_stride, L);
    const int64_t tail_depth = a.tail * L;
    const T* columns = a.recurrent_columns[Stage] + first * (runs.depth() + tail_depth);
    product(ProductArgs<T>{rows, a.from, runs, a.to, end - first, columns, nullptr, add_to_state, 0,
                           a.d_tail[1] + entry(t, a.active[0]) * tail_depth, tail_depth});
  }

  // In quarters of a vector, whose copies are single moves.
  void pack_tail(int64_t e) const {
    constexpr int Q = L / 4;
    const T* sums = a.d_sums.at(0, panels - 1, e);
    const auto pack = [&](Slots slots, T* to) {
      for (int v = 0; v < slots.vectors; ++v)
        for (int q = 0; q < a.tail; ++q, to += Q) memcpy(to, sums + slots.slot(v) * L + q * Q, Q * sizeof(T));
    };
    pack(kLayout.input, a.d_tail[0] + e * a.tail * L);
    if (a.d_tail[1] != a.d_tail[0]) pack(kLayout.recurrent[0], a.d_tail[1] + e * a.tail * L);
  }

  // The gradient of what each gate's mask left of a state.
  template <int Stage>
  void dropped_gates(int64_t rows, T* d_state, bool add_to_state) const {
    constexpr Slots recurrent = kLayout.recurrent[Stage];
    for (int v = 0; v < recurrent.vectors; ++v) {
      const int gate = v + (Stage > 0 ? kLayout.recurrent[0].vectors : 0);
      const Runs runs = runs_of(Slots{1, recurrent.slot(v)}, panels, a.d_sums.panel_stride, L);
      for (int64_t i = 0; i < rows; ++i) a.to[i] = a.dropped + a.active[i] * V;
      product(ProductArgs<T>{rows, a.from, runs, a.to, V, a.recurrent_columns[gate], nullptr, false});
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t b = a.active[i];
        scale_kept(a.to[i], a.dropout.h + (b * kLayout.gates + gate) * a.units, a.dropout.h_scale, a.units, a.to[i]);
        if (v == 0 && !add_to_state)
          memcpy(d_state + b * V, a.to[i], V * sizeof(T));
        else
          add(a.to[i], d_state + b * V, V);
      }
    }
  }

  const BackwardArgs<T>& a;
  const int64_t panels, V;
  const int64_t first, end;  // this task's units
};

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
