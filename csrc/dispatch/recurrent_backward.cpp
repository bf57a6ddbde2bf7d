// Back-propagation through time, block of timesteps by block. In each block the team first goes back through the steps,
// rows shared among its members; then, while the block's d_sums are in cache, it makes the gradients of the weights,
// output tiles shared, and of the inputs, entries shared. No sum is ever split, so the bits do not depend on the team.
#include <cstring>

#include "dispatch/plan.hpp"
#include "dispatch/recurrent.hpp"

namespace tidegate {
namespace {

// Entries of a block: 256 of LSTM(128) are 512 KiB of d_sums.
constexpr int64_t kEntriesOfBlock = 256;

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
        block_steps(std::clamp<int64_t>(kEntriesOfBlock / B, 1, steps)),
        capacity(block_steps * B),
        threads(threads_for(6.0 * B * steps * (F + U) * layout.gates * U)) {
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
    args.recurrent_columns[0] = scratch[recurrent_columns_part[0]];
    args.recurrent_columns[1] = scratch[recurrent_columns_part[1]];
    if (config.return_sequences && call.d_y) args.d_y = {call.d_y, U, steps * U};
    args.d_h = scratch[d_h_part];
    args.d_c = scratch[d_c_part];
    args.d_output = call.mask ? scratch[d_output_part] : nullptr;
    args.d_sums = {scratch[d_sums_part], 0, capacity * row, row};
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
  void reserve() {
    for (int stage = 0; stage < layout.stages; ++stage) {
      const int64_t vectors = layout.recurrent[stage].vectors;
      recurrent_columns_part[stage] = scratch.reserve<T>(vectors * V * V);
      d_recurrent_part[stage] = scratch.reserve<T>(U * vectors * V);
    }
    // Columns are padded to whole vectors.
    kernel_columns_part = scratch.reserve<T>(call.d_x ? layout.gates * V * ((F + L - 1) / L * L) : 0);
    d_kernel_part = scratch.reserve<T>(F * layout.gates * V);
    d_bias_part = scratch.reserve<T>(layout.sums * V);
    d_h_part = scratch.reserve<T>(B * V);
    d_c_part = scratch.reserve<T>(B * V);
    d_output_part = scratch.reserve<T>(B * V);
    d_reset_h_part = scratch.reserve<T>(layout.stages == 2 ? B * V : 0);
    reset_h_part = scratch.reserve<T>(layout.stages == 2 ? capacity * V : 0);
    d_sums_part = scratch.reserve<T>(capacity * P * row);
    row_part = scratch.reserve<T>(threads * kRowBuffers * V);
    entry_part = scratch.reserve<int32_t>(capacity);
    active_part = scratch.reserve<int32_t>(threads * B);
    from_part = scratch.reserve<const T*>(capacity + threads * B);
    to_part = scratch.reserve<T*>(capacity + threads * B);
    for (auto* part : {&x_rows_part, &h_rows_part, &reset_rows_part}) *part = scratch.reserve<const T*>(capacity);
    scratch.allocate();
  }

  // Packs the transposed weights and sets the gradients to where they start.
  void start(const Member& member) {
    for (int stage = 0, gate = 0; stage < layout.stages; ++stage) {
      const int vectors = layout.recurrent[stage].vectors;
      if (member.index == stage % member.count) {
        kernels.pack_gate_columns(call.weights.recurrent_kernel, U, U, layout.gates, gate, vectors,
                                  scratch[recurrent_columns_part[stage]]);
        zero(scratch[d_recurrent_part[stage]], U * vectors * V);
      }
      gate += vectors;
    }
    if (member.index == member.count - 1) {
      if (call.d_x)
        kernels.pack_gate_columns(call.weights.kernel, F, U, layout.gates, 0, layout.gates,
                                  scratch[kernel_columns_part]);
      if (call.d_x && call.mask) zero(call.d_x, B * steps * F);
      zero(scratch[d_kernel_part], F * layout.gates * V);
      zero(scratch[d_bias_part], layout.sums * V);
    }
    zero(scratch[row_part] + member.index * kRowBuffers * V, kRowBuffers * V);
    for (int64_t b = member.begin(B); b < member.end(B); ++b) start_row(b);
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
        scratch[x_rows_part][e] = x.at(t, b);
        scratch[h_rows_part][e] = args.h.at(t, b);
        if (layout.stages == 2) scratch[reset_rows_part][e] = args.reset_h + e * V;
        if (call.d_x) {
          scratch[from_part][e] = args.d_sums.at(0, 0, e);
          scratch[to_part][e] = d_x.at(t, b);
        }
        ++e;
      }
    entries = e;
  }

  void through_time(const Member& member, int64_t begin, int64_t end) {
    BackwardArgs<T> mine = args;
    mine.time_begin = begin, mine.time_end = end;
    mine.row_begin = member.begin(B), mine.row_end = member.end(B);
    mine.row_buffer = scratch[row_part] + member.index * kRowBuffers * V;
    mine.active = scratch[active_part] + member.index * B;
    mine.from = scratch[from_part] + capacity + member.index * B;
    mine.to = scratch[to_part] + capacity + member.index * B;
    kernels.backward[static_cast<int>(config.cell)](mine);
  }

  void gradients(const Member& member) {
    const auto share = [&](const T* const* rows, int64_t depth, Slots slots, T* gradient) {
      // Panels of few vectors go together, in groups as even as possible.
      const int64_t most = std::max(1, kernels.strip / slots.vectors), groups = (P + most - 1) / most;
      const int64_t stride = depth * slots.vectors * L;
      for_each_share(member, groups, depth, [&](int64_t group, int64_t first, int64_t last) {
        const int64_t panel = group * P / groups, panels = (group + 1) * P / groups - panel;
        kernels.outer({entries, first, last, rows, args.d_sums.at(0, panel, 0), row, slots, gradient + panel * stride,
                       panels, args.d_sums.panel_stride, stride});
      });
    };
    for (int stage = 0; stage < layout.stages; ++stage)
      share(scratch[stage == 0 ? h_rows_part : reset_rows_part], U, layout.recurrent[stage],
            scratch[d_recurrent_part[stage]]);
    share(scratch[x_rows_part], F, layout.input, scratch[d_kernel_part]);
    for (int64_t panel = member.begin(P); panel < member.end(P); ++panel)
      kernels.sum_rows(args.d_sums.at(0, panel, 0), entries, row, row, scratch[d_bias_part] + panel * row);
    if (!call.d_x) return;
    const int64_t begin = member.begin(entries), end = member.end(entries);
    kernels.product({end - begin, scratch[from_part] + begin, runs_of(layout.input, P, args.d_sums.panel_stride, L),
                     scratch[to_part] + begin, F, scratch[kernel_columns_part], nullptr, false});
  }

  // Gradients back in Keras's layout.
  void finish(const Member& member) {
    if (member.index == 0)
      kernels.unpack_gates(scratch[d_kernel_part], F, U, layout.gates, 0, layout.gates, call.d_kernel);
    if (member.index == member.count - 1)
      for (int stage = 0, gate = 0; stage < layout.stages; ++stage) {
        const int vectors = layout.recurrent[stage].vectors;
        kernels.unpack_gates(scratch[d_recurrent_part[stage]], U, U, layout.gates, gate, vectors,
                             call.d_recurrent_kernel);
        gate += vectors;
      }
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

  const RecurrentConfig& config;
  const CellLayout layout;
  const KernelTable<T>& kernels;
  const RecurrentBackward<T>& call;
  const int64_t B, steps, F, U, L, P, V, row, block_steps, capacity;
  const int threads;

  Scratch scratch;
  template <class E>
  using Part = Scratch::Part<E>;
  Part<T> recurrent_columns_part[2], d_recurrent_part[2], kernel_columns_part, d_kernel_part, d_bias_part, d_h_part,
      d_c_part, d_output_part, d_reset_h_part, reset_h_part, d_sums_part, row_part;
  Part<int32_t> entry_part, active_part;
  Part<const T*> from_part, x_rows_part, h_rows_part, reset_rows_part;
  Part<T*> to_part;

  BackwardArgs<T> args{};
  Sequence<const T> x{};
  Sequence<T> d_x{};
  Mask mask{};
  int64_t entries = 0;
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
