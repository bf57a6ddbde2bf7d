// The forward pass of a recurrent cell over time: what the cells have in common.
//
// At each step the panels (one vector of units with all their gates) are the outer loop and blocks of rows the inner
// one, so that a panel of weights read once serves every row. A tile starts from the bias, adds x . kernel and
// h . recurrent_kernel, and the cell finishes it while it is in the L1 cache. Panels are visited in alternating order
// from step to step: where the weights exceed a cache level, those used last are still there.
//
// A cell provides
//   kCell                            its layout
//   finish_gates<stage>(step, ...)   one row of a tile, for tanh and sigmoid: all that comes before the activation that
//                                    waits for others; leaves in `sums` what the output needs
//   finish_output<stage>(step, ...)  the rest. Called when the gates of all rows of a tile are done, since the window
//                                    of a processor is too short to overlap the two by itself
//   finish_row<stage>(step, b)       one row with any activations, from its stored sums
#pragma once

#include "kernels/cell_tile.hpp"
#include "kernels/table.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class Factors, class Cell>
class Forward {
  using T = typename Factors::State;
  using Element = typename Factors::Element;

 public:
  explicit Forward(const ForwardArgs<T>& args) : a(args) {}

  void run() const {
    if constexpr (!kNarrow)
      if (a.dropout.any()) return run_dropped();
    for (int64_t t = a.time_begin; t < a.time_end; ++t) {
      if (a.input_sums.data && (t - a.time_begin) % a.input_steps == 0) input_product(t);
      const ForwardStep<T> step(a, t);
      const int64_t rows = activate_rows(t, step);
      if (kNarrow && !a.input_sums.data)
        for (int64_t i = 0; i < rows; ++i) narrow_input(t, a.active[i]);
      stage<0>(t, step, rows);
      if constexpr (kLayout.stages == 2) stage<1>(t, step, rows);
    }
  }

 private:
  static constexpr CellLayout kLayout = layout_of(Cell::kCell);
  static constexpr int L = kLanes<T>, S = kLayout.sums;
  template <int Rows>
  using Tile = CellTile<Factors, Cell, Rows>;
  // Whether factors are narrower than the sums: rows of x and of states are then made into elements first.
  static constexpr bool kNarrow = Factors::kNumbers > 1;
  static_assert(!kNarrow || kLayout.stages == 1);
  // Whether the last panel may be a tail.
  static constexpr bool kTails = !kNarrow && quarters_of_tail(kLayout, 1, L) > 0;

  int64_t row(int64_t i) const { return a.row_order ? a.row_order[i] : i; }

  // Lists the rows that take part in step t, and carries the others over it.
  int64_t activate_rows(int64_t t, const ForwardStep<T>& step) const {
    int64_t count = 0;
    for (int64_t i = a.row_begin; i < a.row_end; ++i) {
      const int64_t b = row(i);
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
    if constexpr (kNarrow)
      memcpy(a.narrow.h.at(t + 1, b) + elements<Factors>(first), a.narrow.h.at(t, b) + elements<Factors>(first),
             elements<Factors>(end - first) * sizeof(Element));
    if (!step.y) return;
    const bool repeat = t > 0 && !a.zero_output_for_mask;
    for (int64_t u = first; u < end && u < a.units; ++u) a.y.at(t, b)[u] = repeat ? a.y.at(t - 1, b)[u] : T(0);
  }

  void narrow_input([[maybe_unused]] int64_t t, [[maybe_unused]] int64_t b) const {
    if constexpr (kNarrow)
      *a.narrow.x_scale.at(t - a.time_begin, b) =
          Factors::narrow(a.x.at(t, b), a.features, a.narrow.x.at(t - a.time_begin, b));
  }

  // This task's panels of the next step's factors. Where an element holds both the last unit and padded lanes, these
  // are zeros in it: an infinite input has made NaNs of them.
  void narrow_state(int64_t t, const ForwardStep<T>& step, int64_t b) const {
    const int64_t factors = a.units % Factors::kNumbers == 0 ? step.V : a.units;
    for (int64_t panel = a.panel_begin; panel < a.panel_end; ++panel) {
      const Vec<T> h = load_first(step.h_next + b * step.V + panel * L, factors - panel * L);
      Factors::narrow_state(h, a.narrow.h.at(t + 1, b) + elements<Factors>(panel * L));
    }
  }

  // The factors of row b in the products of step t.
  const Element* input_row(int64_t t, int64_t b) const {
    if constexpr (kNarrow)
      return a.narrow.x.at(t - a.time_begin, b);
    else
      return a.x.at(t, b);
  }

  template <int Stage>
  const Element* state_row(int64_t t, const ForwardStep<T>& step, int64_t b) const {
    if constexpr (kNarrow)
      return a.narrow.h.at(t, b);
    else
      return (Stage > 0 ? step.reset_h : step.h) + b * step.V;
  }

  template <int Stage>
  static constexpr int kVectors = Tile<1>::template kVectors<Stage>;

  // Panels share a tile where registers hold all their sums, up to 4 of a single vector and 2 of more: that hides the
  // latency of fma behind few rows. Two do too where each alone would end with fewer vectors than registers hold.
  template <int Stage>
  static constexpr int kMostPanels = kVectors<Stage> == 1 ? 4 : 2;

  template <int Stage, int Rows>
  static constexpr int panels_of_tile() {
    constexpr int fit = kMostSums / (Rows * kVectors<Stage>);
    if (fit < 2) return kVectors<Stage> % Tile<Rows>::template kAtOnce<Stage> == 0 ? 1 : 2;
    return fit < kMostPanels<Stage> ? fit : kMostPanels<Stage>;
  }

  // Some of this task's panels one after the other; `tail` is that of the one behind them, or 0.
  struct Group {
    int64_t panel, panels;
    int tail;
  };

  // Calls f(group) for this task's panels, some at a time: with short vectors their units share cache lines of the
  // states.
  template <int Stage, class F>
  TIDEGATE_INLINE_MEMBER void for_each_group(bool backwards, F f) const {
    const bool tail = kTails && a.weights.tail > 0 && a.panel_end * L > a.units;
    const int64_t whole = a.panel_end - tail, count = whole - a.panel_begin;
    if (tail && count == 0) return f(Group{whole, 0, a.weights.tail});
    for (int64_t i = 0; i < count; i += kMostPanels<Stage>) {
      const int64_t panels = count - i < kMostPanels<Stage> ? count - i : kMostPanels<Stage>;
      const int64_t panel = backwards ? whole - i - panels : a.panel_begin + i;
      f(Group{panel, panels, tail && panel + panels == whole ? a.weights.tail : 0});
    }
  }

  // Calls tile(first, panel, r, p, q) for all tiles of a group: each of r.value rows from `first` on, p.value panels,
  // and behind these a tail of q.value quarters. Where there is one row, a tail joins the tile of the panels before it
  // if `Join`: its own chains would wait for themselves.
  template <int Stage, bool Join, class F>
  static void for_each_tile(int64_t rows, const Group& group, F tile) {
    const int64_t panel = group.panel, panels = group.panels;
    const int tail = group.tail;
    for_each_block<kRows>(rows, [&](int64_t first, int64_t block) {
      with_constant<kRows>(block, [&](auto r) {
        constexpr int most = panels_of_tile<Stage, r.value>();
        constexpr bool join = kTails && Join && r.value == 1;
        const int64_t joined = join && tail > 0 ? panels : 0;
        for_each_block<most>(panels - joined, [&](int64_t skip, int64_t count) {
          with_constant<most>(count, [&](auto p) { tile(first, panel + skip, r, p, Constant<0>{}); });
        });
        if constexpr (kTails)
          if (tail > 0)
            with_constant<kLayout.gates - 1>(tail, [&](auto q) {
              if (joined == 0) return tile(first, panel + panels, r, Constant<0>{}, q);
              if constexpr (join)
                with_constant<kMostPanels<Stage>>(joined, [&](auto p) { tile(first, panel, r, p, q); });
            });
      });
    });
  }

  template <int Stage>
  void stage(int64_t t, const ForwardStep<T>& step, int64_t rows) const {
    for_each_group<Stage>(t % 2 != 0, [&](const Group& group) {
      for_each_tile<Stage, true>(rows, group, [&](int64_t first, int64_t panel, auto r, auto p, auto q) {
        tile<Stage, r.value, p.value, q.value>(t, step, a.active + first, panel);
      });
    });
    if constexpr (kNarrow)
      for (int64_t i = 0; i < rows; ++i) narrow_state(t, step, a.active[i]);
    else if (!a.fused)
      for (int64_t i = 0; i < rows; ++i) Cell::template finish_row<Stage>(step, a.active[i]);
    a.meeting();
  }

  template <int Stage, int Rows, int Whole, int Tail>
  __attribute__((noinline)) void tile(int64_t t, const ForwardStep<T>& step, const int32_t* rows, int64_t panel) const {
    constexpr int Panels = Whole + (Tail > 0);
    alignas(kVectorBytes) T sums[Rows][Panels][S * L];
    Tile<Rows> tile(a);
    tile.panel = panel, tile.features = a.input_sums.data ? 0 : elements<Factors>(a.features),
    tile.units = elements<Factors>(a.units);
    tile.from_stride = Stage > 0 ? step.sums.panel_stride : a.input_sums.data ? a.input_sums.panel_stride : S * L;
    tile.to_stride = S * L;
    TIDEGATE_UNROLL
    for (int r = 0; r < Rows; ++r) {
      tile.x[r] = input_row(t, rows[r]);
      if constexpr (kNarrow) tile.x_scale[r] = a.narrow.x_scale.at(t - a.time_begin, rows[r]);
      tile.h[r] = state_row<Stage>(t, step, rows[r]);
      tile.from[r] = Stage > 0             ? step.sums.at(panel, rows[r])
                     : a.input_table ? table_row(t, rows[r]) + panel * S * L
                     : a.input_sums.data ? a.input_sums.at((t - a.time_begin) % a.input_steps, panel, rows[r])
                                           : bias(panel);
      tile.to[r] = sums[r][0];
    }
    tile.template multiply<Stage, 0, Whole, Tail>();
    if constexpr (Tail > 0)
      for (int r = 0; r < Rows; ++r) Tile<Rows>::template spread_tail<Tail>(sums[r][Whole]);
    if (!kNarrow && !a.fused)
      keep_sums<Stage, Panels>(step, rows, Rows, panel, sums);
    else if constexpr (Rows == 1 || Rows == kRows)
      finish<Stage, Panels>(step, rows, Rows, panel, sums);
    else
      finish_several<Stage, Panels>(step, rows, Rows, panel, sums);
  }

  // For rows of any other number, so that the code is there once; that takes 1 % longer.
  template <int Stage, int Panels>
  static __attribute__((noinline)) void finish_several(const ForwardStep<T>& step, const int32_t* rows, int count,
                                                       int64_t panel, T (*sums)[Panels][S * L]) {
    finish<Stage, Panels>(step, rows, count, panel, sums);
  }

  template <int Stage, int Panels>
  static TIDEGATE_INLINE_MEMBER void finish(const ForwardStep<T>& step, const int32_t* rows, int count, int64_t panel,
                                            T (*sums)[Panels][S * L]) {
    for (int r = 0; r < count; ++r)
      for (int p = 0; p < Panels; ++p) Cell::template finish_gates<Stage>(step, rows[r], panel + p, sums[r][p]);
    for (int r = 0; r < count; ++r)
      for (int p = 0; p < Panels; ++p) Cell::template finish_output<Stage>(step, rows[r], panel + p, sums[r][p]);
  }

  template <int Stage, int Panels>
  static __attribute__((noinline)) void keep_sums(const ForwardStep<T>& step, const int32_t* rows, int count,
                                                  int64_t panel, const T (*sums)[Panels][S * L]) {
    // A later stage adds to one of the sums and leaves the others.
    constexpr int first = Stage > 0 ? kLayout.recurrent[Stage].last : 0, kept = Stage > 0 ? 1 : S;
    for (int r = 0; r < count; ++r)
      for (int p = 0; p < Panels; ++p)
        memcpy(step.sums.at(panel + p, rows[r]) + first * L, sums[r][p] + first * L, kept * L * sizeof(T));
  }

  // The same with dropout, one product for each gate: not in tiles of all gates, which would be as much code again.
  void run_dropped() const {
    for (int64_t t = a.time_begin; t < a.time_end; ++t) {
      const ForwardStep<T> step(a, t);
      const int64_t rows = activate_rows(t, step);
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t p = 0; p < step.panels(); ++p)
          memcpy(step.sums.at(p, a.active[i]), bias(p), S * L * sizeof(T));
      const auto x = [&](int64_t b) { return a.x.at(t, b); };
      for (int gate = 0; gate < kLayout.gates; ++gate)
        add_gate(step, rows, gate, kLayout.input.slot(gate), x, a.features, a.weights.kernel, a.dropout.x,
                 a.dropout.x_scale);
      dropped_stage<0>(step, rows, step.h);
      if constexpr (kLayout.stages == 2) dropped_stage<1>(step, rows, step.reset_h);
    }
  }

  template <int Stage>
  void dropped_stage(const ForwardStep<T>& step, int64_t rows, const T* states) const {
    constexpr Slots recurrent = kLayout.recurrent[Stage];
    const auto h = [&](int64_t b) { return states + b * step.V; };
    for (int v = 0; v < recurrent.vectors; ++v)
      add_gate(step, rows, v + (Stage > 0 ? kLayout.recurrent[0].vectors : 0), recurrent.slot(v), h, a.units,
               a.weights.recurrent[0], a.dropout.h, a.dropout.h_scale);
    for (int64_t i = 0, count; i < rows; i += count) {
      count = 1;
      if (!a.fused) {
        Cell::template finish_row<Stage>(step, a.active[i]);
        continue;
      }
      while (i + count < rows && count < kRows && a.active[i + count] == a.active[i] + count) ++count;
      for (int64_t p = 0; p < step.panels(); ++p)
        finish_several<Stage, 1>(step, a.active + i, int(count), p,
                                 reinterpret_cast<T(*)[1][S * L]>(step.sums.at(p, a.active[i])));
    }
  }

  // Adds to one sum of all units the product of what a mask leaves of each row(b), which has `depth` elements.
  template <class Row>
  void add_gate(const ForwardStep<T>& step, int64_t rows, int gate, int slot, Row row, int64_t depth,
                const void* columns, const uint8_t* mask, double scale) const {
    const int64_t stride = a.features > a.units ? a.features : a.units;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t b = a.active[i];
      a.from[i] = row(b);
      a.to[i] = step.sums.at(0, b) + slot * L;
      if (!mask) continue;
      T* kept = a.dropped + b * stride;
      scale_kept(row(b), mask + (b * kLayout.gates + gate) * depth, scale, depth, kept);
      a.from[i] = kept;
    }
    product(ProductArgs<T>{rows, a.from, Runs{1, 0, {0, 0}, {depth, 0}}, a.to, a.units,
                           static_cast<const T*>(columns) + gate * depth * step.V, nullptr, true,
                           step.sums.panel_stride});
  }

  // The input product of a block of timesteps: with few rows in the batch, steps are what a panel of weights serves.
  void input_product(int64_t t) const {
    const int64_t steps = a.time_end - t < a.input_steps ? a.time_end - t : a.input_steps;
    const int64_t rows = a.row_end - a.row_begin;
    for (int64_t i = 0; kNarrow && i < steps * rows; ++i) narrow_input(t + i / rows, row(a.row_begin + i % rows));
    for_each_group<0>(false, [&](const Group& group) {
      for_each_tile<0, false>(steps * rows, group, [&](int64_t first, int64_t panel, auto r, auto p, auto q) {
        input_tile<r.value, p.value, q.value>(t, first, panel);
      });
    });
  }

  template <int Rows, int Whole, int Tail>
  __attribute__((noinline)) void input_tile(int64_t t, int64_t first, int64_t panel) const {
    const int64_t rows = a.row_end - a.row_begin;
    Tile<Rows> tile(a);
    tile.panel = panel, tile.features = elements<Factors>(a.features);
    tile.from_stride = S * L, tile.to_stride = a.input_sums.panel_stride;
    TIDEGATE_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const int64_t step = (first + r) / rows, b = row(a.row_begin + (first + r) % rows);
      tile.x[r] = input_row(t + step, b);
      if constexpr (kNarrow) tile.x_scale[r] = a.narrow.x_scale.at(t + step - a.time_begin, b);
      tile.from[r] = bias(panel);
      tile.to[r] = a.input_sums.at(step, panel, b);
    }
    tile.template multiply<0, 0, Whole, Tail>();
  }

  const T* table_row(int64_t t, int64_t b) const {
    return a.input_table + int64_t(*a.x.at(t, b)) * (a.h.row_stride * S);
  }

  const T* bias(int64_t panel) const { return a.weights.bias + panel * S * L; }

  const ForwardArgs<T>& a;
};

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
