// Back-propagation through time, block of timesteps by block. In each block the team first goes back through the steps,
// rows shared among its members; then, while the block's d_sums are in cache, it makes the gradients of the weights,
// output tiles shared, and of the inputs, entries shared. No sum is ever split, so the bits do not depend on the team.
#include <cstring>
#include <vector>

#include "dispatch/plan.hpp"
#include "dispatch/recurrent.hpp"

namespace tidegate {
namespace {

// Entries of a block: 256 of LSTM(128) are 512 KiB of d_sums.
constexpr int64_t kEntriesOfBlock = 256;

// quarters_of_tail(), where they are few beside the whole panels: else bringing them together costs what it spares.
int tail_of(const CellLayout& layout, int64_t units, int64_t lanes, bool dropping) {
  const int quarters = quarters_of_tail(layout, units, lanes);
  return dropping || units < 2 * lanes || 2 * quarters > layout.gates ? 0 : quarters;
}

template <class T>
class Backward {
 public:
  Backward(const RecurrentConfig& config, const KeptRecurrent<T>& kept, const RecurrentBackward<T>& call)
      : config(config),
        layout(config.layout()),
        kernels(table<T>(*kept.set)),
        call(call),
        B(kept.shape.batch),
        steps(kept.shape.timesteps),
        F(kept.shape.features),
        U(config.units),
        L(kernels.lanes),
        P((U + L - 1) / L),
        V(P * L),
        row(layout.sums * L),
        tail(tail_of(layout, U, L, call.dropout.any())),
        whole(P - (tail > 0)),
        block_steps(std::clamp<int64_t>(kEntriesOfBlock / B, 1, steps)),
        capacity(block_steps * B),
        direct(block_steps == steps),
        threads(threads_for(6.0 * B * steps * (F + U) * layout.gates * U)),
        state_factors(factors_of(false, call.dropout.h)),
        input_factors(factors_of(true, call.dropout.x)) {
    reserve();
    const int64_t first = config.go_backwards ? steps - 1 : 0, direction = config.go_backwards ? -1 : 1;
    x = {call.x + first * F, direction * F, steps * F};
    if (call.d_x) d_x = {call.d_x + first * F, direction * F, steps * F};
    mask = {call.mask ? call.mask + first : nullptr, direction, steps};
    args.batch = B, args.units = U;
    args.fused = config.fused();
    args.activation = config.activation, args.recurrent_activation = config.recurrent_activation;
    args.zero_output_for_mask = config.zero_output_for_mask;
    args.h = {kept.h.data(), steps + 1, B * V, V};
    args.c = {kept.c.data(), steps + 1, B * V, V};
    args.gates = {kept.gates.data(), P * B * row, B * row, row};
    args.sums = {kept.sums.data(), P * B * row, B * row, row};
    args.entry = scratch[entry_part];
    for (size_t i = 0; i < state_factors.size(); ++i) args.recurrent_columns[i] = scratch[state_factors[i].columns];
    args.dropout = call.dropout;
    args.dropped = scratch[dropped_part];
    if (config.return_sequences && call.d_y) args.d_y = {call.d_y, U, steps * U};
    args.d_h = scratch[d_h_part];
    args.d_c = scratch[d_c_part];
    args.d_output = call.mask ? scratch[d_output_part] : nullptr;
    args.d_sums = {scratch[d_sums_part], 0, capacity * row, row};
    args.tail = tail;
    args.d_tail[0] = scratch[d_tail_part[0]];
    args.d_tail[1] = scratch[d_tail_part[layout.input.last != layout.recurrent[0].last]];
    args.reset_h = scratch[reset_h_part];
    args.d_reset_h = scratch[d_reset_h_part];
  }

  void run() {
    run_team(threads, [this](const Member& member) {
      start(member);
      member.meet();
      for (int64_t end = steps; end > 0; end -= std::min(end, block_steps)) {
        const int64_t begin = std::max<int64_t>(0, end - block_steps);
        if (member.index == 0) {
          given_up = interruptible && interruptible->ask();
          list_entries(begin, end);
        }
        member.meet();
        if (given_up) return;
        through_time(member, begin, end);
        member.meet();
        gradients(member);
        member.meet();
      }
      finish(member);
    });
  }

 private:
  template <class E>
  using Part = Scratch::Part<E>;

  // A factor of the forward products, of some gates: what the gradients of its weights and of itself take.
  struct Factor {
    bool of_state;
    int gate, vectors;
    Slots slots;  // of d_sums that belong to it, from `first` on
    int64_t first;
    bool reset;           // whether it is r * h
    Part<const T*> rows;  // of the entries of a block
    Part<T> dropped;      // those rows, where a mask has left something of them
    Part<T> columns;      // the transposed weights; of inputs where d_x is asked for
    Part<T> gradient;     // of the packed panels
  };

  // Of the inputs, or of the states: for each stage, or for each gate where dropout gives each its own.
  std::vector<Factor> factors_of(bool inputs, bool by_gate) const {
    std::vector<Factor> factors;
    for (int stage = 0, gate = 0; stage < (inputs ? 1 : layout.stages); ++stage) {
      const Slots slots = inputs ? layout.input : layout.recurrent[stage];
      for (int v = 0; v < (by_gate ? slots.vectors : 1); ++v) {
        Factor factor{!inputs, gate, by_gate ? 1 : slots.vectors, by_gate ? Slots{1, 0} : slots, 0, stage == 1, {}, {},
                      {},      {}};
        if (by_gate) factor.first = slots.slot(v) * L;
        factors.push_back(factor);
        gate += factor.vectors;
      }
    }
    return factors;
  }

  // The first of the panels whose gradients are not made in place.
  int64_t first_packed() const { return direct ? U / L : 0; }

  // Elements of a row of d_sums in products with a factor's transposed weights.
  int64_t columns_of(const Factor& factor) const { return (whole * factor.vectors + tail) * L; }

  void reserve_factors(std::vector<Factor>& factors, int64_t depth, bool columns) {
    for (Factor& factor : factors) {
      const bool dropped = &factors == &state_factors ? call.dropout.h : call.dropout.x;
      factor.rows = scratch.reserve<const T*>(capacity);
      factor.dropped = scratch.reserve<T>(dropped ? capacity * depth : 0);
      // Columns are padded to whole vectors.
      factor.columns = scratch.reserve<T>(columns ? columns_of(factor) * whole_vectors(depth, L) : 0);
      factor.gradient = scratch.reserve<T>((P - first_packed()) * depth * factor.vectors * L);
    }
  }

  void reserve() {
    reserve_factors(state_factors, U, true);
    reserve_factors(input_factors, F, call.d_x);
    dropped_part = scratch.reserve<T>(call.dropout.h ? B * V : 0);
    d_dropped_part = scratch.reserve<T>(call.dropout.x && call.d_x ? capacity * F : 0);
    d_dropped_rows_part = scratch.reserve<T*>(capacity);
    d_bias_part = scratch.reserve<T>(layout.sums * V);
    d_h_part = scratch.reserve<T>(B * V);
    d_c_part = scratch.reserve<T>(B * V);
    d_output_part = scratch.reserve<T>(B * V);
    d_reset_h_part = scratch.reserve<T>(layout.stages == 2 ? B * V : 0);
    reset_h_part = scratch.reserve<T>(layout.stages == 2 ? capacity * V : 0);
    d_sums_part = scratch.reserve<T>(capacity * P * row);
    for (Part<T>& part : d_tail_part) part = scratch.reserve<T>(capacity * tail * L);
    row_part = scratch.reserve<T>(threads * kRowBuffers * V);
    entry_part = scratch.reserve<int32_t>(capacity);
    active_part = scratch.reserve<int32_t>(threads * B);
    from_part = scratch.reserve<const T*>(capacity + threads * B);
    to_part = scratch.reserve<T*>(capacity + threads * B);
    row_of_entry_part = scratch.reserve<int32_t>(capacity);
    scratch.allocate();
  }

  // Packs the transposed weights and sets the gradients to where they start.
  void start(const Member& member) {
    for (const Factor& factor : state_factors) start_factor(member, factor, call.weights.recurrent_kernel, U, true);
    for (const Factor& factor : input_factors) start_factor(member, factor, call.weights.kernel, F, call.d_x);
    if (member.index == member.count - 1) {
      if (call.d_x && call.mask) zero(call.d_x, B * steps * F);
      zero(scratch[d_bias_part], layout.sums * V);
      for (T* d_tail : args.d_tail) zero(d_tail, capacity * tail * L);
    }
    zero(scratch[row_part] + member.index * kRowBuffers * V, kRowBuffers * V);
    for (int64_t b = member.begin(B); b < member.end(B); ++b) start_row(b);
  }

  void start_factor(const Member& member, const Factor& factor, const T* weights, int64_t depth, bool columns) {
    const int64_t strip = kernels.strip * L, strips = (depth + strip - 1) / strip;
    const int64_t first = member.begin(strips) * strip, end = std::min(depth, member.end(strips) * strip);
    if (columns && first < end)
      kernels.pack_gate_columns(weights + first * layout.gates * U, end - first, U, layout.gates, factor.gate,
                                factor.vectors, tail, scratch[factor.columns] + first * columns_of(factor));
  }

  void start_row(int64_t b) {
    pad_row(call.d_final_states[0], b, args.d_h);
    pad_row(call.d_final_states[1], b, args.d_c);
    const bool last_only = call.d_y && !config.return_sequences;
    if (!call.mask) {
      if (last_only)
        for (int64_t u = 0; u < U; ++u) args.d_h[b * V + u] += call.d_y[b * U + u];
      return;
    }
    const bool dropped = config.zero_output_for_mask && !mask.real(steps - 1, b);
    pad_row(last_only && !dropped ? call.d_y : nullptr, b, args.d_output);
  }

  void pad_row(const T* from, int64_t b, T* to) const {
    zero(to + b * V, V);
    if (from) std::copy_n(from + b * U, U, to + b * V);
  }

  static void zero(T* p, int64_t n) { std::memset(p, 0, static_cast<size_t>(n) * sizeof(T)); }

  // Numbers the real steps of the block and points to the rows that their gradients are products with.
  void list_entries(int64_t begin, int64_t end) {
    int64_t e = 0;
    for (int64_t t = begin; t < end; ++t)
      for (int64_t b = 0; b < B; ++b) {
        const bool real = mask.real(t, b);
        scratch[entry_part][(t - begin) * B + b] = real ? int32_t(e) : -1;
        if (!real) continue;
        scratch[row_of_entry_part][e] = int32_t(b);
        for (const Factor& factor : input_factors) scratch[factor.rows][e] = x.at(t, b);
        for (const Factor& factor : state_factors)
          scratch[factor.rows][e] = factor.reset ? args.reset_h + e * V : args.h.at(t, b);
        if (call.d_x) {
          scratch[from_part][e] = args.d_sums.at(0, 0, e);
          scratch[to_part][e] = d_x.at(t, b);
          scratch[d_dropped_rows_part][e] = scratch[d_dropped_part] + e * F;
        }
        ++e;
      }
    entries = e;
    fresh = !begun && entries > 0;
    begun |= fresh;
  }

  void through_time(const Member& member, int64_t begin, int64_t end) {
    BackwardArgs<T> mine = args;
    mine.time_begin = begin, mine.time_end = end;
    const bool share = shares_units(member);
    if (share) mine.meeting = meeting_of(member);
    mine.row_begin = share ? 0 : member.begin(B), mine.row_end = share ? B : member.end(B);
    mine.panel_begin = share ? std::min(P, member.begin(strips()) * kernels.strip) : 0;
    mine.panel_end = share ? std::min(P, member.end(strips()) * kernels.strip) : P;
    mine.row_buffer = scratch[row_part] + member.index * kRowBuffers * V;
    mine.active = scratch[active_part] + member.index * B;
    mine.from = scratch[from_part] + capacity + member.index * B;
    mine.to = scratch[to_part] + capacity + member.index * B;
    kernels.backward[static_cast<int>(config.cell)](mine);
  }

  // Whether members share the units of all rows, and meet in every step: with few rows a step reads the weights rather
  // than computing with them.
  bool shares_units(const Member& member) const {
    return member.count > 1 && config.fused() && !call.dropout.h && B <= kFewRows * member.count &&
           strips() >= member.count && U * layout.gates * U * int64_t(sizeof(T)) >= kBytesWorthMeeting;
  }

  int64_t strips() const { return (P + kernels.strip - 1) / kernels.strip; }

  // What the masks have left of this member's share of a factor's rows.
  void drop(const Member& member, const Factor& factor, int64_t depth, const uint8_t* masks, double scale) {
    if (!masks) return;
    const T** rows = scratch[factor.rows];
    for (int64_t e = member.begin(entries); e < member.end(entries); ++e) {
      T* dropped = scratch[factor.dropped] + e * depth;
      kernels.scale_kept(rows[e], mask_of(masks, e, factor.gate, depth), scale, depth, dropped);
      rows[e] = dropped;
    }
  }

  const uint8_t* mask_of(const uint8_t* masks, int64_t e, int gate, int64_t depth) const {
    return masks + (scratch[row_of_entry_part][e] * layout.gates + gate) * depth;
  }

  void gradients(const Member& member) {
    if (call.dropout.any()) {
      for (const Factor& factor : state_factors) drop(member, factor, U, call.dropout.h, call.dropout.h_scale);
      for (const Factor& factor : input_factors) drop(member, factor, F, call.dropout.x, call.dropout.x_scale);
      member.meet();
    }
    for (const Factor& factor : state_factors) weight_gradient(member, factor, U, call.d_recurrent_kernel);
    for (const Factor& factor : input_factors) weight_gradient(member, factor, F, call.d_kernel);
    for (int64_t panel = member.begin(P); panel < member.end(P); ++panel)
      kernels.sum_rows(args.d_sums.at(0, panel, 0), entries, row, row, scratch[d_bias_part] + panel * row);
    if (!call.d_x) return;
    for (const Factor& factor : input_factors) input_gradient(member, factor);
  }

  // Panels of few vectors go together, in groups as even as possible; one that is by itself comes last. Members share
  // all columns, and in the column where a share ends its rows.
  void weight_gradient(const Member& member, const Factor& factor, int64_t depth, T* gradient) {
    const int64_t grouped = direct ? first_packed() : whole, last_vectors = grouped == P ? 0
                                                                            : tail > 0   ? tail
                                                                                         : factor.vectors;
    const int64_t most = std::max(1, kernels.strip / factor.vectors), groups = (grouped + most - 1) / most;
    const int64_t columns = grouped * factor.vectors + last_vectors, stride = depth * factor.vectors * L;
    const int64_t begin = member.begin(columns * depth), end = member.end(columns * depth);
    OuterArgs<T> outer{};
    outer.entries = entries, outer.a = scratch[factor.rows], outer.fresh = fresh;
    outer.d_stride = row, outer.slots = factor.slots;
    const auto multiply = [&](int64_t column, int64_t count) {
      const auto row_at = [&](int64_t at) { return std::clamp<int64_t>((at - column * depth) / count, 0, depth); };
      outer.depth_begin = row_at(begin), outer.depth_end = row_at(end);
      if (outer.depth_begin < outer.depth_end) kernels.outer(outer);
    };
    if (direct) outer.gradient_stride = L, outer.row_stride = layout.gates * U, outer.vector_stride = U;
    if (!direct) outer.gradient_stride = stride;
    outer.panel_stride = args.d_sums.panel_stride;
    for (int64_t group = 0; group < groups; ++group) {
      const int64_t panel = group * grouped / groups;
      outer.panels = (group + 1) * grouped / groups - panel;
      outer.d = args.d_sums.at(0, panel, 0) + factor.first;
      outer.gradient = direct ? gradient + factor.gate * U + panel * L : scratch[factor.gradient] + panel * stride;
      multiply(panel * factor.vectors, outer.panels * factor.vectors);
    }
    if (last_vectors == 0) return;
    outer.panels = 1, outer.row_stride = 0;
    outer.d = args.d_sums.at(0, grouped, 0) + factor.first;
    if (tail > 0) outer.d = args.d_tail[factor.of_state], outer.d_stride = tail * L, outer.slots = {tail, tail - 1};
    outer.gradient = scratch[factor.gradient] + (direct ? 0 : grouped * stride);
    multiply(grouped * factor.vectors, last_vectors);
  }

  void input_gradient(const Member& member, const Factor& factor) {
    const int64_t begin = member.begin(entries), end = member.end(entries);
    const Slots slots = call.dropout.x ? Slots{1, layout.input.slot(factor.gate)} : factor.slots;
    const Runs runs = runs_of(slots, whole, args.d_sums.panel_stride, L);
    T *const *to = scratch[to_part], *const *dropped = scratch[d_dropped_rows_part];
    kernels.product({end - begin, scratch[from_part] + begin, runs, (call.dropout.x ? dropped : to) + begin, F,
                     scratch[factor.columns], nullptr, false, 0, args.d_tail[0] + begin * tail * L, tail * L});
    for (int64_t e = begin; call.dropout.x && e < end; ++e) {
      T* d_row = factor.gate == 0 ? to[e] : dropped[e];
      kernels.scale_kept(dropped[e], mask_of(call.dropout.x, e, factor.gate, F), call.dropout.x_scale, F, d_row);
      for (int64_t f = 0; factor.gate > 0 && f < F; ++f) to[e][f] += d_row[f];
    }
  }

  void finish(const Member& member) {
    for (const Factor& factor : state_factors) finish_gradient(member, factor, U, call.d_recurrent_kernel);
    for (const Factor& factor : input_factors) finish_gradient(member, factor, F, call.d_kernel);
    if (member.index != 0) return;
    for (int64_t bias_row = 0; call.d_bias && bias_row < config.bias_rows(); ++bias_row) {
      const Slots slots = bias_row == 0 ? layout.input : layout.recurrent[0];
      for (int gate = 0; gate < layout.gates; ++gate)
        for (int64_t u = 0; u < U; ++u)
          call.d_bias[(bias_row * layout.gates + gate) * U + u] =
              scratch[d_bias_part][(u / L * layout.sums + slots.slot(gate)) * L + u % L];
    }
    for (int64_t b = 0; b < B; ++b) {
      std::copy_n(args.d_h + b * V, U, call.d_states[0] + b * U);
      if (layout.states == 2) std::copy_n(args.d_c + b * V, U, call.d_states[1] + b * U);
    }
  }

  // Brings what is in panels into Keras's layout; zeros where no step was real.
  void finish_gradient(const Member& member, const Factor& factor, int64_t depth, T* gradient) {
    if (!begun) {
      const int64_t size = depth * layout.gates * U;
      return zero(gradient + member.begin(size), member.end(size) - member.begin(size));
    }
    const int64_t panels = P - first_packed(), first = member.begin(panels), end = member.end(panels);
    kernels.unpack_gates(scratch[factor.gradient] + first * depth * factor.vectors * L, depth, U, layout.gates,
                         factor.gate, factor.vectors, tail, first_packed() + first, first_packed() + end, gradient);
  }

  const RecurrentConfig& config;
  const CellLayout layout;
  const KernelTable<T>& kernels;
  const RecurrentBackward<T>& call;
  const int64_t B, steps, F, U, L, P, V, row;
  const int tail;       // quarters, or 0
  const int64_t whole;  // panels but a tail
  const int64_t block_steps, capacity;
  // Whether gradients of whole vectors are made where they belong: in Keras's layout, where a tile's rows lie far
  // apart, so in a single block only. Otherwise they are in panels until the end.
  const bool direct;
  const int threads;

  std::vector<Factor> state_factors, input_factors;
  Scratch scratch;
  Part<T> d_bias_part, d_h_part, d_c_part, d_output_part, d_reset_h_part, reset_h_part, d_sums_part, d_tail_part[2],
      row_part, dropped_part, d_dropped_part;
  Part<int32_t> entry_part, active_part, row_of_entry_part;
  Part<const T*> from_part;
  Part<T*> to_part, d_dropped_rows_part;

  BackwardArgs<T> args{};
  Sequence<const T> x{};
  Sequence<T> d_x{};
  Mask mask{};
  int64_t entries = 0;
  bool begun = false, fresh = false;  // the gradients of weights: before this block, by it
  Interruptible* const interruptible = Interruptible::current();
  bool given_up = false;
};

}  // namespace

template <class T>
void backward(const RecurrentConfig& config, const KeptRecurrent<T>& kept, const RecurrentBackward<T>& call) {
  Backward<T>(config, kept, call).run();
}

template void backward(const RecurrentConfig&, const KeptRecurrent<float>&, const RecurrentBackward<float>&);
template void backward(const RecurrentConfig&, const KeptRecurrent<double>&, const RecurrentBackward<double>&);

}  // namespace tidegate
