#include <unistd.h>

#include <cstring>

#include "dispatch/forward_pass.hpp"
#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// Rows that go over all timesteps together, in tiles: their states stay in the L1 cache while the L2 cache holds the
// weights. Where it does not, all rows of a task share one reading of them.
constexpr int64_t kTilesOfPass = 4;
// Room for the input product of a block of timesteps: to stay in the L2 cache beside the weights.
constexpr int64_t kInputBlockBytes = 192 << 10;
// Of the pieces that a pass is made in while it may be given up: some hundredth of a second.
constexpr double kFlopsOfPiece = 2e9;

}  // namespace

template <class T>
ForwardPlan plan_forward(const RecurrentConfig& config, const PackedRecurrent<T>& weights, const RecurrentShape& shape,
                         int threads, bool may_meet) {
  const KernelTable<T>& kernels = table<T>(weights.set());
  const CellLayout layout = config.layout();
  const int64_t sums = layout.gates * config.units;
  ForwardPlan plan{threads, false, 0, 0};
  const int64_t numbers = weights.numbers();
  const int64_t recurrent_bytes = config.units * sums * sizeof(T) / numbers;
  const int64_t panels = (config.units + kernels.lanes - 1) / kernels.lanes;
  const int64_t rows = (shape.batch + plan.threads - 1) / plan.threads;
  plan.share_units = may_meet && plan.threads > 1 && config.fused() && panels >= 2 * plan.threads &&
                     recurrent_bytes >= kBytesWorthMeeting && (rows <= kFewRows || recurrent_bytes > l2_bytes());
  if (!plan.share_units) plan.threads = static_cast<int>(std::min<int64_t>(plan.threads, shape.batch));
  const int64_t rows_of_task = plan.share_units ? shape.batch : rows;
  if (rows_of_task <= kernels.tile_rows / 2 && shape.timesteps > 1 && shape.features > 4 && !weights.input_table()) {
    const int64_t bytes_of_step = shape.batch * panels * layout.sums * kernels.lanes * sizeof(T);
    plan.input_steps = std::clamp<int64_t>(kInputBlockBytes / bytes_of_step, 1, shape.timesteps);
  }
  const int64_t features = weights.input_table() ? 0 : shape.features;
  const int64_t bytes = (features + config.units) * sums * sizeof(T) / numbers;
  plan.rows_of_pass = plan.share_units || bytes > l2_bytes() ? shape.batch : kTilesOfPass * kernels.tile_rows;
  return plan;
}

template <class T>
ForwardPlan plan_forward(const RecurrentConfig& config, const PackedRecurrent<T>& weights,
                         const RecurrentShape& shape) {
  const int most = plan_forward(config, weights, shape, num_threads(), true).threads;
  return plan_forward(config, weights, shape, threads_for(work(config, weights, shape), most), true);
}

namespace {

// A row [U] into a padded row [V], or zeros.
template <class T>
void pad_row(const T* from, int64_t units, int64_t V, T* to) {
  if (from) std::copy_n(from, units, to);
  std::fill(to + (from ? units : 0), to + V, T(0));
}

// The mask in the order of processing.
Mask mask_of(const RecurrentConfig& config, const uint8_t* mask, int64_t steps) {
  const int64_t first = config.go_backwards ? steps - 1 : 0, direction = config.go_backwards ? -1 : 1;
  return {mask ? mask + first : nullptr, direction, steps};
}

}  // namespace

int64_t l2_bytes() {
  static const int64_t bytes = [] {
    const long known = sysconf(_SC_LEVEL2_CACHE_SIZE);
    return known > 0 ? int64_t(known) : int64_t(1) << 20;
  }();
  return bytes;
}

template <class T>
ForwardPass<T>::ForwardPass(const RecurrentConfig& config, const PackedRecurrent<T>& weights,
                            const RecurrentForward<T>& call, KeptRecurrent<T>* kept, const ForwardPlan& plan)
    : config(config),
      call(call),
      kernels(table<T>(weights.set())),
      narrow(weights.narrow()),
      plan(plan),
      order(mask_of(config, call.mask, call.shape.timesteps), call.shape.batch, call.shape.timesteps),
      trimmed(call.mask && !kept && !config.return_sequences && !plan.share_units),
      B(call.shape.batch),
      P((config.units + kernels.lanes - 1) / kernels.lanes) {
  const CellLayout layout = config.layout();
  const int64_t steps = call.shape.timesteps, F = weights.input_table() ? 0 : call.shape.features;
  const int64_t U = config.units, L = kernels.lanes, V = P * L, row = layout.sums * L;
  const bool has_c = layout.states == 2, needs_sums = !config.fused() || layout.stages == 2 || call.dropout.any();
  const int64_t slots = kept ? steps + 1 : 2;

  const auto h_part = scratch.reserve<T>(kept ? 0 : slots * B * V),
             c_part = scratch.reserve<T>(kept || !has_c ? 0 : slots * B * V);
  const auto sums_part = scratch.reserve<T>(needs_sums ? P * B * row : 0);
  const auto input_part = scratch.reserve<T>(plan.input_steps * P * B * row);
  const auto reset_part = scratch.reserve<T>(layout.stages == 2 ? B * V : 0);
  const auto row_part = scratch.reserve<T>(config.fused() ? 0 : plan.threads * kRowBuffers * V);
  const auto active_part = scratch.reserve<int32_t>(plan.threads * B);
  const int64_t dropping = call.dropout.any();
  const auto dropped_part = scratch.reserve<T>(dropping * B * std::max(F, U));
  const auto from_part = scratch.reserve<const T*>(dropping * plan.threads * B);
  const auto to_part = scratch.reserve<T*>(dropping * plan.threads * B);
  // Members that share the units of all rows have narrow inputs of their own, the others those of their rows.
  const int64_t input_slots = std::max<int64_t>(1, plan.input_steps), members = plan.share_units ? plan.threads : 1;
  const int64_t F_elements = narrow ? elements_of(*narrow, F) : 0, V_elements = narrow ? V / narrow->numbers : 0;
  const auto narrow_x_part = scratch.reserve<uint32_t>(members * input_slots * B * F_elements);
  const auto x_scale_part = scratch.reserve<float>(narrow ? members * input_slots * B : 0);
  const auto narrow_h_part = scratch.reserve<uint32_t>(2 * B * V_elements);
  scratch.allocate();
  if (kept) {
    kept->set = &weights.set();
    kept->shape = call.shape;
    kept->h = Array<T>(slots * B * V);
    if (has_c) kept->c = Array<T>(slots * B * V);
    if (layout.gates > 1) kept->gates = Array<T>(steps * P * B * row);
    if (!config.fused()) kept->sums = Array<T>(steps * P * B * row);
  }

  steps_of_piece = steps;
  if (interruptible) {
    const int64_t most =
        std::max<int64_t>(1, static_cast<int64_t>(kFlopsOfPiece * steps / work(config, weights, call.shape)));
    const int64_t block = std::max<int64_t>(1, plan.input_steps);
    steps_of_piece = std::min(steps, (most + block - 1) / block * block);
  }
  args.time_end = steps, args.features = F, args.units = U;
  args.fused = config.fused();
  args.activation = config.activation, args.recurrent_activation = config.recurrent_activation;
  args.zero_output_for_mask = config.zero_output_for_mask;
  args.weights = weights.cell();
  const int64_t first = config.go_backwards ? steps - 1 : 0, direction = config.go_backwards ? -1 : 1;
  const int64_t x_of_step = weights.input_table() ? 1 : F;
  args.x = {call.x + first * x_of_step, direction * x_of_step, steps * x_of_step};
  args.input_table = weights.input_table();
  args.mask = mask_of(config, call.mask, steps);
  args.row_order = order.rows();
  if (config.return_sequences) args.y = call.y;
  args.h = {kept ? kept->h.data() : scratch[h_part], slots, B * V, V};
  if (has_c) args.c = {kept ? kept->c.data() : scratch[c_part], slots, B * V, V};
  if (kept) args.gates = {kept->gates.data(), P * B * row, B * row, row};
  if (needs_sums) args.sums = {scratch[sums_part], 0, B * row, row};
  if (kept && !config.fused()) args.sums = {kept->sums.data(), P * B * row, B * row, row};
  if (plan.input_steps) args.input_sums = {scratch[input_part], B * row, plan.input_steps * B * row, row};
  args.input_steps = plan.input_steps;
  args.reset_h = scratch[reset_part];
  if (narrow)
    args.narrow = {{scratch[narrow_x_part], input_slots, B * F_elements, F_elements},
                   {scratch[x_scale_part], input_slots, B, 1},
                   {scratch[narrow_h_part], 2, B * V_elements, V_elements}};
  args.dropout = call.dropout;
  args.dropped = scratch[dropped_part];
  args.from = scratch[from_part];
  args.to = scratch[to_part];
  args.row_buffer = scratch[row_part];
  args.active = scratch[active_part];

  if (!config.fused()) std::memset(scratch[row_part], 0, plan.threads * kRowBuffers * V * sizeof(T));
}

template <class T>
void ForwardPass<T>::run(const Member& member) const {
  start(member);
  run_steps(member, 0, args.time_end);
  finish(member);
}

template <class T>
void ForwardPass<T>::start(const Member& member) const {
  const int64_t begin = order.begin(member.index, member.count), end = order.begin(member.index + 1, member.count);
  for (int64_t i = begin; i < end; ++i) start_row(order.row(i));
  if (shares_units(member)) member.meet();
}

template <class T>
void ForwardPass<T>::run_steps(const Member& member, int64_t first_step, int64_t end_of_steps) const {
  ForwardArgs<T> mine = args;
  mine.time_begin = first_step, mine.time_end = end_of_steps;
  const int64_t begin = order.begin(member.index, member.count), end = order.begin(member.index + 1, member.count);
  const bool share = shares_units(member);
  if (share) mine.meeting = meeting_of(member);
  mine.panel_begin = share ? member.begin(P) : 0;
  mine.panel_end = share ? member.end(P) : P;
  mine.row_buffer += member.index * kRowBuffers * args.h.row_stride;
  mine.active += member.index * B;
  mine.from += call.dropout.any() ? member.index * B : 0;
  mine.to += call.dropout.any() ? member.index * B : 0;
  if (narrow && share) {
    mine.narrow.x.data += member.index * args.narrow.x.slots * args.narrow.x.slot_stride;
    mine.narrow.x_scale.data += member.index * args.narrow.x_scale.slots * args.narrow.x_scale.slot_stride;
  }
  const int64_t last = share ? B : end;
  for (mine.row_begin = share ? 0 : begin; mine.row_begin < last; mine.row_begin = mine.row_end) {
    mine.row_end = std::min(last, mine.row_begin + plan.rows_of_pass);
    if (trimmed) {
      const auto [time_begin, time_end] = order.span(mine.row_begin, mine.row_end);
      mine.time_begin = time_begin, mine.time_end = time_end;
      if (time_begin % 2 != 0) move_states(mine, 0, time_begin);
    }
    run_kernel(mine, member);
    if (trimmed && (mine.time_end - args.time_end) % 2 != 0) move_states(mine, mine.time_end, args.time_end);
  }
}

// Where units are shared, the meeting after the last step has seen all of them.
template <class T>
void ForwardPass<T>::finish(const Member& member) const {
  const int64_t begin = order.begin(member.index, member.count), end = order.begin(member.index + 1, member.count);
  for (int64_t i = begin; i < end; ++i) finish_row(order.row(i));
}

template <class T>
void ForwardPass<T>::start_row(int64_t b) const {
  const int64_t U = args.units, V = args.h.row_stride;
  pad_row(call.states[0] ? call.states[0] + b * U : nullptr, U, V, args.h.at(0, b));
  if (args.c.data) pad_row(call.states[1] ? call.states[1] + b * U : nullptr, U, V, args.c.at(0, b));
  narrow_row(0, b);
}

template <class T>
void ForwardPass<T>::narrow_row(int64_t slot, int64_t b) const {
  if constexpr (sizeof(T) == sizeof(float))
    if (narrow) narrow->narrow_states(args.h.at(slot, b), args.h.row_stride, args.narrow.h.at(slot, b));
}

template <class T>
void ForwardPass<T>::run_kernel(const ForwardArgs<T>& mine, const Member& member) const {
  const auto kernel = [&](const ForwardArgs<T>& piece) {
    const auto cell = static_cast<int>(config.cell);
    if constexpr (sizeof(T) == sizeof(float))
      if (narrow) return narrow->forward[cell](piece);
    kernels.forward[cell](piece);
  };
  ForwardArgs<T> piece = mine;
  for (; piece.time_begin < mine.time_end; piece.time_begin = piece.time_end) {
    piece.time_end = std::min(mine.time_end, piece.time_begin + steps_of_piece);
    if (interruptible) {
      if (member.index == 0 && interruptible->ask()) given_up = true;
      if (shares_units(member)) member.meet();  // or one would wait for others that are gone
      if (given_up) return;
    }
    kernel(piece);
  }
}

template <class T>
void ForwardPass<T>::move_states(const ForwardArgs<T>& mine, int64_t from, int64_t to) const {
  for (int64_t i = mine.row_begin; i < mine.row_end; ++i) {
    const int64_t b = order.row(i);
    for (const States<T>* states : {&args.h, &args.c})
      if (states->data) std::copy_n(states->at(from, b), states->row_stride, states->at(to, b));
    narrow_row(to, b);
  }
}

template <class T>
void ForwardPass<T>::finish_row(int64_t b) const {
  const int64_t steps = args.time_end, U = args.units;
  const T* h = args.h.at(steps, b);
  if (call.final_states[0]) std::copy_n(h, U, call.final_states[0] + b * U);
  if (args.c.data && call.final_states[1]) std::copy_n(args.c.at(steps, b), U, call.final_states[1] + b * U);
  if (config.return_sequences) return;
  // The last output: what the last real step gave, zeros where there is none.
  bool any = args.mask.real(steps - 1, b);
  for (int64_t t = 0; t < steps && !any && !config.zero_output_for_mask; ++t) any = args.mask.real(t, b);
  if (any)
    std::copy_n(h, U, call.y.at(0, b));
  else
    std::fill_n(call.y.at(0, b), U, T(0));
}

template <class T>
void forward(const RecurrentConfig& config, const PackedRecurrent<T>& weights, const RecurrentForward<T>& call,
             KeptRecurrent<T>* kept) {
  if (call.shape.batch == 0) return;
  ForwardPlan plan = plan_forward(config, weights, call.shape);
  if (call.dropout.any()) {  // each gate's products are its own, of the rows of a member
    const int threads = static_cast<int>(std::min<int64_t>(plan.threads, call.shape.batch));
    plan = {threads, false, 0, kTilesOfPass * table<T>(weights.set()).tile_rows};
  }
  const ForwardPass<T> pass(config, weights, call, kept, plan);
  run_team(pass.threads(), [&](const Member& member) { pass.run(member); });
}

#define TIDEGATE_INSTANTIATE(T)                                                                                    \
  template ForwardPlan plan_forward(const RecurrentConfig&, const PackedRecurrent<T>&, const RecurrentShape&, int, \
                                    bool);                                                                         \
  template ForwardPlan plan_forward(const RecurrentConfig&, const PackedRecurrent<T>&, const RecurrentShape&);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

template class ForwardPass<float>;
template class ForwardPass<double>;
template void forward(const RecurrentConfig&, const PackedRecurrent<float>&, const RecurrentForward<float>&,
                      KeptRecurrent<float>*);
template void forward(const RecurrentConfig&, const PackedRecurrent<double>&, const RecurrentForward<double>&,
                      KeptRecurrent<double>*);

}  // namespace tidegate
