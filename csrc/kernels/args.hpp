// What crosses into and out of the kernels: plain structs, every shape stated once.
//
//   B batch, T timesteps, F features, U units, G gates (LSTM 4, GRU 3, SimpleRNN 1).
//   L lanes of a vector, P = ceil(U / L) panels, V = P * L: the units padded to whole vectors.
//   S sums a unit, 4 of LSTM and GRU, 1 of SimpleRNN. LSTM: i f c o. GRU: z r x h, where x and h are the input's and
//   the recurrent share of the candidate (with reset_after=False both are in x).
//
// The rightmost index is the fastest. Time is counted in the order of processing, so go_backwards is only a negative
// stride. Padded lanes are zero in packed weights and are never read as a factor of a product.
#pragma once

#include <stdint.h>

#include "kernels/activation.hpp"

namespace tidegate {

constexpr int kSums = 4;  // S of the gated cells

enum class Cell : int32_t { lstm, gru, gru_reset_before, simple_rnn };
constexpr int kCells = 4;
constexpr int kNarrowCells = 2;  // the first of them can have products of narrow factors

// Which of a unit's sums a product adds to: vectors 0, 1, ... in turn, and the last of them to sum `last`.
struct Slots {
  int vectors, last;

  constexpr int slot(int vector) const { return vector == vectors - 1 ? last : vector; }
};

// What the drivers need to know of a cell. A stage is a product with (part of) the recurrent kernel; the second stage
// of GRU with reset_after=False multiplies r * h, which is known only when the first is done.
struct CellLayout {
  int gates, states, sums;
  Slots input;
  int stages;
  Slots recurrent[2];
};

constexpr CellLayout layout_of(Cell cell) {
  switch (cell) {
    case Cell::lstm:
      return {4, 2, kSums, {4, 3}, 1, {{4, 3}, {0, 0}}};
    case Cell::gru:
      return {3, 1, kSums, {3, 2}, 1, {{3, 3}, {0, 0}}};
    case Cell::simple_rnn:
      return {1, 1, 1, {1, 0}, 1, {{1, 0}, {0, 0}}};
    default:
      return {3, 1, kSums, {3, 2}, 2, {{2, 1}, {1, 2}}};
  }
}

// The units beyond whole vectors are a panel like others, unless they are so few that their gates share vectors: each
// gate then has so many quarters of one, gate after gate, in as many vectors. So 50 units do not pay for 64. Shorter
// vectors than 16 lanes gain too little by it.
constexpr int quarters_of_tail(const CellLayout& cell, int64_t units, int64_t lanes) {
  const int64_t quarters = (units % lanes * 4 + lanes - 1) / lanes;
  return lanes >= 16 && cell.stages == 1 && quarters < cell.gates ? int(quarters) : 0;
}

// In a panel's sums, a tail's start with those that the input adds to; where the recurrent share is a sum of its own,
// those that the state adds to come next.
constexpr int vectors_before_share(const CellLayout& cell, int tail) {
  return cell.input.last == cell.recurrent[0].last ? 0 : tail;
}

// Steps that are real: step(t, b) != 0. A masked step carries the state on.
struct Mask {
  const uint8_t* steps;  // null: every step is real
  int64_t time_stride, row_stride;

  bool real(int64_t t, int64_t b) const { return !steps || steps[t * time_stride + b * row_stride]; }
};

// [T, B, .]
template <class T>
struct Sequence {
  T* data;  // null: absent
  int64_t time_stride, row_stride;

  T* at(int64_t t, int64_t b) const { return data + t * time_stride + b * row_stride; }
};

// [slots, B, V]; the state before step t is in slot t. Two slots alternate where the past is not kept.
template <class T>
struct States {
  T* data;
  int64_t slots, slot_stride, row_stride;

  T* at(int64_t t, int64_t b) const { return data + (t % slots) * slot_stride + b * row_stride; }
};

// [T, P, B, S, L]; a time stride of zero where only the present step is kept.
template <class T>
struct Gates {
  T* data;  // null: absent
  int64_t time_stride, panel_stride, row_stride;

  T* at(int64_t t, int64_t p, int64_t b) const { return data + t * time_stride + p * panel_stride + b * row_stride; }
};

// Of the columns of a product of whole numbers, [P, vectors, L]: what one of a dot product counts for, and what it
// starts from. Null for other products.
struct ColumnScales {
  const float* scale;
  const int32_t* start;

  ColumnScales of(int64_t panel, int64_t vectors, int64_t lanes) const {
    return scale ? ColumnScales{scale + panel * vectors * lanes, start + panel * vectors * lanes} : ColumnScales{};
  }
};

// A recurrent layer's weights, packed for the forward pass: elements of T, or of several narrower numbers each, along
// the depth of F or U numbers.
template <class T>
struct PackedCell {
  const void* kernel;        // G vectors a panel: [P, strips, F, <= strip, L], see pack_gates()
  const void* recurrent[2];  // of each stage, its vectors: [P, strips, U, <= strip, L]
  int tail;                  // quarters_of_tail(), 0: all panels are alike
  const T* bias;             // [P, S, L], what each sum starts from; of a tail as it lies in vectors
  ColumnScales kernel_columns, recurrent_columns[2];
};

// Rows of products whose factors are narrower than the sums, as elements of several numbers each.
struct NarrowRows {
  States<uint32_t> x;     // scratch of this task: of a block of timesteps, or of the present one
  States<float> x_scale;  // of each of those rows
  States<uint32_t> h;     // slot 0 is set by the caller
};

// Dropout within a recurrent layer, where each gate has inputs and states of its own: which of their elements stay,
// over all timesteps, and what those are multiplied by.
struct GateMasks {
  const uint8_t* x;  // [B, G, F]; null: all stay
  const uint8_t* h;  // [B, G, U], likewise
  double x_scale, h_scale;

  bool any() const { return x || h; }
};

// Where tasks that share the units of the same rows wait for each other; null when a task has all units of its rows.
struct Meeting {
  void (*wait)(void*);
  void* context;

  void operator()() const {
    if (wait) wait(context);
  }
};

// One task of a forward pass: the timesteps [time_begin, time_end) of some rows, for some panels.
template <class T>
struct ForwardArgs {
  int64_t time_begin, time_end, features, units;
  int64_t row_begin, row_end;
  const int32_t* row_order;  // rows are row_order[row_begin], ...; null: row_begin, ... themselves
  int64_t panel_begin, panel_end;
  bool fused;  // the activations are tanh and sigmoid, and are finished in registers
  Activation activation, recurrent_activation;
  bool zero_output_for_mask;
  Mask mask;
  PackedCell<T> weights;
  Sequence<const T> x;   // [T, B, F], or [T, B] numbers of rows of the input table
  const T* input_table;  // [rows, P, S, L]: the input product of everything that x can name; null: x is multiplied
  Sequence<T> y;         // [T, B, U], absent unless the whole sequence is an output
  States<T> h, c;        // slot 0 is set by the caller; c for LSTM only
  Gates<T> gates;        // activated gates, kept for backward (GRU: z, r, candidate, recurrent share), or absent; a
                         // single gate, SimpleRNN's, is h itself
  Gates<T> sums;         // sums before activation, and between stages; absent when fused with one stage, no dropout
  Gates<T> input_sums;   // scratch for the input product of a block of timesteps; absent: no such block
  int64_t input_steps;   // timesteps of that block
  T* reset_h;            // scratch [B, V]: r * h, between the stages of GRU with reset_after=False
  NarrowRows narrow;     // where the factors of products are narrower than T
  GateMasks dropout;     // with any, the packed weights are columns of products, gate by gate
  T* dropped;            // scratch [B, max(F, U)], with dropout
  const T** from;        // scratch [row_end - row_begin] of this task, with dropout
  T** to;                // scratch [row_end - row_begin] of this task, with dropout
  T* row_buffer;         // scratch [kRowBuffers, V] of this task
  int32_t* active;       // scratch [row_end - row_begin] of this task
  Meeting meeting;
};

constexpr int kRowBuffers = 3 * kSums + 4;

// One task of a backward pass: the timesteps [time_begin, time_end) of some rows, latest first, for some panels of
// which the first begins a strip. Every real step of a row is an entry of the block.
template <class T>
struct BackwardArgs {
  int64_t time_begin, time_end, batch, units;
  int64_t row_begin, row_end;
  int64_t panel_begin, panel_end;  // all of them unless `fused` and without dropout of states
  bool fused;
  Activation activation, recurrent_activation;
  bool zero_output_for_mask;
  const int32_t* entry;               // [time_end - time_begin, B]: the entry of a step, -1 if it is masked
  States<T> h, c;                     // as forward kept them, T + 1 slots
  Gates<T> gates, sums;               // as forward kept them
  const T* recurrent_columns[kSums];  // the recurrent kernel for d_h, see pack_gate_columns(): of each stage, or where
                                      // `dropout` has states of each gate
  GateMasks dropout;
  T* dropped;             // scratch [B, V], with dropout of states
  Sequence<const T> d_y;  // [T, B, U]; absent when only the last output has a gradient
  T* d_h;                 // [B, V] gradient of the state: after the block in, before it out
  T* d_c;                 // [B, V] LSTM only
  T* d_output;            // [B, V] gradient of an output that masked steps repeat; null without a mask
  Gates<T> d_sums;        // out [1, P, entries, S, L]
  int tail;               // quarters_of_tail(), 0: all panels are alike
  T* d_tail[2];     // out [entries, tail, L]: d_sums of the tail side by side, those of the input and of the state;
                    // one array where they are the same
  T* reset_h;       // out [entries, V]: r * h, for GRU with reset_after=False
  T* d_reset_h;     // scratch [B, V], likewise
  T* row_buffer;    // scratch [kRowBuffers, V] of this task
  int32_t* active;  // scratch [row_end - row_begin] of this task
  const T** from;   // scratch [row_end - row_begin] of this task
  T** to;           // scratch [row_end - row_begin] of this task
  Meeting meeting;
};

// A row of the left factor of a product: `pieces` pieces, each of one or two runs of consecutive elements.
struct Runs {
  int64_t pieces, stride;
  int64_t offset[2], length[2];

  constexpr int64_t depth() const { return pieces * (length[0] + length[1]); }
};

// The runs of panels [P, ., S, L] that hold the sums in `slots`.
constexpr Runs runs_of(Slots slots, int64_t panels, int64_t panel_stride, int64_t lanes) {
  const bool contiguous = slots.last == slots.vectors - 1;
  const int64_t first = contiguous ? slots.vectors : slots.vectors - 1;
  return {panels, panel_stride, {0, slots.last * lanes}, {first * lanes, (slots.vectors - first) * lanes}};
}

// y[i] = x[i] . columns, for rows given by pointers.
template <class T>
struct ProductArgs {
  int64_t rows;
  const T* const* x;  // [rows]
  Runs runs;          // of a row of x
  T* const* y;        // [rows] of [width]
  int64_t width;
  const T* columns;      // [ceil(width / strip L), depth + tail_depth, <= strip, L]: see pack_columns()
  const T* bias;         // [width], what each sum starts from; null: zero
  bool add;              // start from what y holds instead
  int64_t y_stride = 0;  // from one vector of y to the next; 0: they are contiguous
  // Behind each row of x, and the columns for it: more of the row, where a tail is.
  const T* tail = nullptr;  // [rows, tail_depth]
  int64_t tail_depth = 0;
};

// The same for factors that are narrower than the sums, from the bias on.
struct NarrowProductArgs {
  int64_t rows, depth;   // of x, in elements
  const uint32_t* x;     // [rows, depth]
  const float* x_scale;  // [rows]
  float* y;              // [rows, width]
  int64_t y_stride, width;
  const void* columns;         // [ceil(width / strip L), depth, <= strip, L]
  ColumnScales column_scales;  // [width] padded to whole vectors
  const float* bias;           // [width], or null
};

// gradient[m][v] += sum over entries of a[entry][m] * d[entry][v], one chain per element in the order of the entries.
template <class T>
struct OuterArgs {
  int64_t entries, depth_begin, depth_end;  // m of [depth_begin, depth_end)
  const T* const* a;                        // [entries] rows
  const T* d;                               // [entries, d_stride]
  int64_t d_stride;
  Slots slots;  // the vectors of d that take part
  T* gradient;  // [depth_end, slots.vectors, L], or with the strides below
  // Panels of d and of the gradient that are multiplied together: as many as fill a strip with their vectors.
  int64_t panels = 1, panel_stride = 0, gradient_stride = 0;
  int64_t row_stride = 0, vector_stride = 0;  // of the gradient, in another layout
  bool fresh = false;                         // the gradient is not there yet: its sums start from zero
};

// A query and the keys of its row of a batch, see attention.cpp.
template <class T>
struct TanhScores {
  int64_t keys, features;
  const T *query, *key;  // [F], [keys, F]
  const T* weights;      // [F]; null: ones
  T factor;
};

// One step of Adafactor: `matrices` of [rows, columns], whose mean squares are kept by rows and by columns.
template <class T>
struct AdafactorArgs {
  const T *w, *g;   // [matrices, rows, columns]
  T* row_means;     // [matrices, rows]; null for a vector, which keeps its squares in v
  T* column_means;  // [matrices, columns]
  T *v, *out;       // [matrices, rows, columns]
  int64_t matrices, rows, columns;
  double rate, beta_2, epsilon_1, epsilon_2, clip_threshold;
};

}  // namespace tidegate
