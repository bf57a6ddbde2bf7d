// The forward pass of a recurrent cell over time: what LSTM and GRU have in common.
//
// At each step the panels (one vector of units with all their gates) are the outer loop and blocks of rows the inner
// one, so that a panel of weights read once serves every row. A tile starts from the bias, adds x . kernel and
// h . recurrent_kernel, and the cell finishes it in registers. Panels are visited in alternating order from step to
// step: where the weights exceed a cache level, those used last are still there.
//
// A cell provides
//   kCell                                 its layout
//   finish<stage>(step, b, panel, sums)   one row of a tile, for tanh and sigmoid, in registers
//   finish_row<stage>(step, b)            one row with any activations, from its stored sums
#pragma once

#include "kernels/cell.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class T, class Cell>
class Forward {
 public:
  explicit Forward(const ForwardArgs<T>& args) : a(args) {}

  void run() const {
    for (int64_t t = 0; t < a.timesteps; ++t) {
      if (a.input_sums.data && t % a.input_steps == 0) input_product(t);
      const ForwardStep<T> step(a, t);
      const int64_t rows = activate_rows(t, step);
      stage<0>(t, step, rows);
      if constexpr (kLayout.stages == 2) stage<1>(t, step, rows);
    }
  }

 private:
  static constexpr CellLayout kLayout = layout_of(Cell::kCell);
  static constexpr int L = kLanes<T>;

  // Lists the rows that take part in step t, and carries the others over it.
  int64_t activate_rows(int64_t t, const ForwardStep<T>& step) const {
    int64_t count = 0;
    for (int64_t b = a.row_begin; b < a.row_end; ++b) {
      if (a.mask.real(t, b))
        a.active[count++] = int32_t(b);
      else
        carry(t, step, b);
    }
    return count;
  }

  void carry(int64_t t, const ForwardStep<T>& step, int64_t b) const {
    const int64_t first = a.panel_begin * L, end = a.panel_end * L, at = b * step.V + first;
    memcpy(step.h_next + at, step.h + at, (end - first) * sizeof(T));
    if (step.c) memcpy(step.c_next + at, step.c + at, (end - first) * sizeof(T));
    if (!step.y) return;
    const bool repeat = t > 0 && !a.zero_output_for_mask;
    for (int64_t u = first; u < end && u < a.units; ++u) a.y.at(t, b)[u] = repeat ? a.y.at(t - 1, b)[u] : T(0);
  }

  template <int Stage>
  void stage(int64_t t, const ForwardStep<T>& step, int64_t rows) const {
    if (rows <= kRowsOfTwoPanels)
      panels<Stage, 2, kRowsOfTwoPanels>(t, step, rows);
    else
      panels<Stage, 1, kRows>(t, step, rows);
    if (!a.fused)
      for (int64_t i = 0; i < rows; ++i) Cell::template finish_row<Stage>(step, a.active[i]);
    a.meeting();
  }

  template <int Stage, int Panels, int MostRows>
  void panels(int64_t t, const ForwardStep<T>& step, int64_t rows) const {
    const int64_t count = a.panel_end - a.panel_begin;
    for (int64_t i = 0; i < count;) {
      const int64_t width = count - i < Panels ? 1 : Panels;
      const int64_t panel = t % 2 == 0 ? a.panel_begin + i : a.panel_end - i - width;
      for_each_block(rows, [&](int64_t first, int64_t block) {
        with_constant<MostRows>(block, [&](auto r) {
          if (width == 1)
            tile<Stage, r.value, 1>(t, step, a.active + first, panel);
          else
            tile<Stage, r.value, Panels>(t, step, a.active + first, panel);
        });
      });
      i += width;
    }
  }

  template <int Stage, int Rows, int Panels>
  __attribute__((noinline)) void tile(int64_t t, const ForwardStep<T>& step, const int32_t* rows, int64_t panel) const {
    Sums<T, Rows, Panels> sums;
    const T* factor[Rows];
    if (Stage > 0) {
      start(sums, [&](int p, int r) { return step.sums.at(panel + p, rows[r]); });
    } else if (a.input_sums.data) {
      start(sums, [&](int p, int r) { return a.input_sums.at(t % a.input_steps, panel + p, rows[r]); });
    } else {
      start(sums, [&](int p, int) { return a.weights.bias + (panel + p) * kSums * L; });
    TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r) factor[r] = a.x.at(t, rows[r]);
      multiply_input(sums, factor, panel);
    }
    TIDEGATE_UNROLL
    for (int r = 0; r < Rows; ++r) factor[r] = (Stage > 0 ? step.reset_h : step.h) + rows[r] * step.V;
    constexpr Slots slots = kLayout.recurrent[Stage];
    const int64_t panel_stride = a.units * slots.vectors * L;
    accumulate<T, Rows, Panels, slots.vectors, slots.last>(
        sums, factor, a.weights.recurrent[Stage] + panel * panel_stride, panel_stride, a.units);
    const auto for_each_row = [&](auto f) TIDEGATE_INLINE_MEMBER {
      TIDEGATE_UNROLL
      for (int p = 0; p < Panels; ++p)
        TIDEGATE_UNROLL
        for (int r = 0; r < Rows; ++r)
          f(rows[r], panel + p, {sums[p][0][r], sums[p][1][r], sums[p][2][r], sums[p][3][r]});
    };
    using Row = const Vec<T>(&)[kSums];
    if (a.fused)
      for_each_row([&](int64_t b, int64_t at, Row row) TIDEGATE_INLINE_MEMBER { Cell::template finish<Stage>(step, b, at, row); });
    else
      for_each_row([&](int64_t b, int64_t at, Row row) TIDEGATE_INLINE_MEMBER { store_sums(step.sums.at(at, b), row); });
  }

  // The input product of a block of timesteps: with few rows in the batch, steps are what a panel of weights serves.
  void input_product(int64_t t) const {
    const int64_t steps = a.timesteps - t < a.input_steps ? a.timesteps - t : a.input_steps;
    const int64_t rows = a.row_end - a.row_begin;
    for (int64_t panel = a.panel_begin; panel < a.panel_end; ++panel)
      for_each_block(steps * rows, [&](int64_t first, int64_t block) {
        with_constant<kRows>(block, [&](auto r) { input_tile<r.value>(t, first, panel); });
      });
  }

  template <int Rows>
  __attribute__((noinline)) void input_tile(int64_t t, int64_t first, int64_t panel) const {
    const int64_t rows = a.row_end - a.row_begin;
    Sums<T, Rows, 1> sums;
    const T* x[Rows];
    T* out[Rows];
    TIDEGATE_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const int64_t step = (first + r) / rows, b = a.row_begin + (first + r) % rows;
      x[r] = a.x.at(t + step, b);
      out[r] = a.input_sums.at(step, panel, b);
    }
    start(sums, [&](int, int) { return a.weights.bias + panel * kSums * L; });
    multiply_input(sums, x, panel);
    TIDEGATE_UNROLL
    for (int r = 0; r < Rows; ++r) store_sums(out[r], {sums[0][0][r], sums[0][1][r], sums[0][2][r], sums[0][3][r]});
  }

  template <int Rows, int Panels>
  TIDEGATE_INLINE_MEMBER void multiply_input(Sums<T, Rows, Panels>& sums, const T* const (&x)[Rows], int64_t panel) const {
    const int64_t panel_stride = a.features * kLayout.input.vectors * L;
    accumulate<T, Rows, Panels, kLayout.input.vectors, kLayout.input.last>(sums, x, a.weights.kernel + panel * panel_stride,
                                                                          panel_stride, a.features);
  }

  // Loads the sums of (panel, row) from where `from` says.
  template <int Rows, int Panels, class From>
  TIDEGATE_INLINE void start(Sums<T, Rows, Panels>& sums, From from) {
    TIDEGATE_UNROLL
    for (int p = 0; p < Panels; ++p)
      TIDEGATE_UNROLL
      for (int r = 0; r < Rows; ++r)
        TIDEGATE_UNROLL
        for (int s = 0; s < kSums; ++s) sums[p][s][r] = load(from(p, r) + s * L);
  }

  const ForwardArgs<T>& a;
};

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
