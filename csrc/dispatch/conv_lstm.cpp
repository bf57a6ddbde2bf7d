#include "dispatch/conv_lstm.hpp"

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// What an element of a gate is worth in arithmetic, to decide how many threads finish a step.
constexpr double kFlopsOfGate = 30;

bool given_up() {
  Interruptible* work = Interruptible::current();
  return work && work->ask();
}

Activation activation_of(const ConvLstmConfig& config, int gate) {
  return gate == 2 ? config.activation : config.recurrent_activation;
}

// The states [rows, U] as each gate has them, [rows, 4, U].
template <class T>
void spread(const KernelTable<T>& kernels, const StateDropout& dropout, const T* h, int64_t rows, int64_t U, T* to) {
  for (int64_t i = 0; i < 4 * rows; ++i)
    kernels.scale_kept(h + i / 4 * U, dropout.mask + i * U, dropout.scale, U, to + i * U);
}

// The gradient of that, from [rows, 4, U], which is changed.
template <class T>
void gather(const KernelTable<T>& kernels, const StateDropout& dropout, T* d_spread, int64_t rows, int64_t U, T* d_h) {
  std::fill_n(d_h, rows * U, T(0));
  for (int64_t i = 0; i < 4 * rows; ++i) {
    T* d = d_spread + i * U;
    kernels.scale_kept(d, dropout.mask + i * U, dropout.scale, U, d);
    for (int64_t u = 0; u < U; ++u) d_h[i / 4 * U + u] += d[u];
  }
}

// Where steps of a pass and their outputs lie. A row is a position of a sequence.
struct Places {
  int64_t batch, timesteps, windows, units;
  bool go_backwards, return_sequences;
  const uint8_t* mask;

  Places(const ConvLstmConfig& config, const ConvLstmShape& shape, const uint8_t* mask)
      : batch(shape.batch),
        timesteps(shape.timesteps),
        windows(config.windows(shape.positions)),
        units(config.filters),
        go_backwards(config.go_backwards),
        return_sequences(config.return_sequences),
        mask(mask) {}

  int64_t rows() const { return batch * windows; }
  int64_t states() const { return rows() * units; }
  int64_t time(int64_t step) const { return go_backwards ? timesteps - 1 - step : step; }
  bool counts(int64_t step, int64_t row) const { return !mask || mask[row / windows * timesteps + time(step)]; }
  // The gates of a row in an array [B, T, windows, 4 U] in the order of time.
  int64_t gates(int64_t step, int64_t row) const {
    return ((row / windows * timesteps + time(step)) * windows + row % windows) * 4 * units;
  }
  int64_t output(int64_t step, int64_t row) const {
    if (!return_sequences) return row * units;
    return ((row / windows * timesteps + step) * windows + row % windows) * units;
  }
};

// One row of a step: c and h from the sums of the gates, which `z` becomes.
template <class T>
void finish(const KernelTable<T>& kernels, const ConvLstmConfig& config, const T* of_x, const T* of_h, const T* c, T* z,
            T* gates, T* new_c, T* new_h) {
  const int64_t U = config.filters;
  for (int64_t j = 0; j < 4 * U; ++j) z[j] = of_x[j] + of_h[j];
  for (int gate = 0; gate < 4; ++gate) kernels.activate(activation_of(config, gate), z + gate * U, gates + gate * U, U);
  const T *i = gates, *f = i + U, *candidate = f + U, *o = candidate + U;
  for (int64_t u = 0; u < U; ++u) new_c[u] = f[u] * c[u] + i[u] * candidate[u];
  kernels.activate(config.activation, new_c, new_h, U);
  for (int64_t u = 0; u < U; ++u) new_h[u] *= o[u];
}

// The gradients of the sums, d_z [4 U], and of c before the step, which d_c becomes. Overwrites `d_gates` [4 U] and
// `squashed` [U].
template <class T>
void finish_gradient(const KernelTable<T>& kernels, const ConvLstmConfig& config, const T* z, const T* gates,
                     const T* c, const T* new_c, const T* d_h, T* d_c, T* squashed, T* d_gates, T* d_z) {
  const int64_t U = config.filters;
  const T *i = gates, *f = i + U, *candidate = f + U, *o = candidate + U;
  kernels.activate(config.activation, new_c, squashed, U);
  for (int64_t u = 0; u < U; ++u) {
    d_gates[u] = d_h[u] * o[u];
    d_gates[3 * U + u] = d_h[u] * squashed[u];
  }
  kernels.activate_gradient(config.activation, new_c, squashed, d_gates, d_gates + U, U);
  for (int64_t u = 0; u < U; ++u) {
    const T d = d_c[u] + d_gates[U + u];
    d_gates[u] = d * candidate[u];
    d_gates[U + u] = d * c[u];
    d_gates[2 * U + u] = d * i[u];
    d_c[u] = d * f[u];
  }
  for (int gate = 0; gate < 4; ++gate)
    kernels.activate_gradient(activation_of(config, gate), z + gate * U, gates + gate * U, d_gates + gate * U,
                              d_z + gate * U, U);
}

// x [B, T, n] with zeros in the steps that do not count: nothing of theirs may reach a gradient.
template <class T>
Array<T> without_masked(const T* x, const uint8_t* mask, int64_t steps, int64_t n) {
  Array<T> copy(steps * n);
  for (int64_t i = 0; i < steps; ++i)
    if (mask[i])
      std::copy_n(x + i * n, n, copy.data() + i * n);
    else
      std::fill_n(copy.data() + i * n, n, T(0));
  return copy;
}

// From an array that may be null.
template <class T>
void copy_or_zero(const T* from, int64_t n, T* to) {
  if (from)
    std::copy_n(from, n, to);
  else
    std::fill_n(to, n, T(0));
}

}  // namespace

double ConvLstmConfig::flops(const ConvLstmShape& shape) const {
  return input(1).flops(shape.batch * shape.timesteps, shape.positions, shape.features) +
         recurrent(1).flops(shape.batch * shape.timesteps, windows(shape.positions), filters);
}

template <class T>
PackedConvLstm<T>::PackedConvLstm(Packing& packing, const ConvLstmConfig& config, int64_t features, int64_t groups,
                                  int64_t recurrent_groups, const T* kernel, const T* recurrent_kernel, const T* bias)
    : groups_(groups),
      recurrent_groups_(recurrent_groups),
      input_(packing, config.input(groups), groups * features, kernel, bias),
      recurrent_(packing, config.recurrent(recurrent_groups), recurrent_groups * config.filters, recurrent_kernel,
                 nullptr) {}

template <class T>
void forward(const ConvLstmConfig& config, const PackedConvLstm<T>& weights, const ConvLstmForward<T>& call,
             KeptConvLstm<T>* kept) {
  const KernelTable<T>& kernels = table<T>(weights.set());
  const Places at(config, call.shape, call.mask);
  const int64_t U = config.filters, rows = at.rows(), n = at.states(), steps = at.timesteps;
  const bool dropped = call.dropout.mask;

  KeptConvLstm<T> own;  // without a backward, one step of each will do
  KeptConvLstm<T>& all = kept ? *kept : own;
  const int64_t next = kept ? 1 : 0, slots = kept ? steps : 1;
  all = {&weights.set(),
         call.shape,
         weights.groups(),
         Array<T>((slots + next) * n),
         Array<T>((slots + next) * n),
         Array<T>(slots * 4 * n),
         Array<T>(slots * 4 * n)};
  copy_or_zero(call.states[0], n, all.h.data());
  copy_or_zero(call.states[1], n, all.c.data());
  Array<T> of_x(at.batch * steps * at.windows * 4 * U), of_h(4 * n), spread_h(dropped ? 4 * n : 0);
  forward(config.input(weights.groups()), weights.input(), at.batch * steps, call.shape.positions, call.x, of_x.data(),
          static_cast<T*>(nullptr));
  if (!config.return_sequences) std::fill_n(call.y, n, T(0));

  for (int64_t step = 0; step < steps && !given_up(); ++step) {
    const int64_t slot = step * next;
    const T *h = all.h.data() + slot * n, *c = all.c.data() + slot * n;
    T *new_h = all.h.data() + (slot + next) * n, *new_c = all.c.data() + (slot + next) * n;
    T *z = all.sums.data() + slot * 4 * n, *gates = all.gates.data() + slot * 4 * n;
    if (dropped) spread(kernels, call.dropout, h, rows, U, spread_h.data());
    forward(config.recurrent(weights.recurrent_groups()), weights.recurrent(), at.batch, at.windows,
            dropped ? spread_h.data() : h, of_h.data(), static_cast<T*>(nullptr));
    run_team(threads_for(kFlopsOfGate * 4 * n), [&](const Member& member) {
      for (int64_t r = member.begin(rows); r < member.end(rows); ++r) {
        const int64_t u = r * U;
        T* y = call.y + at.output(step, r);
        if (at.counts(step, r)) {
          finish(kernels, config, of_x.data() + at.gates(step, r), of_h.data() + 4 * u, c + u, z + 4 * u, gates + 4 * u,
                 new_c + u, new_h + u);
          std::copy_n(new_h + u, U, y);
          continue;
        }
        if (kept) std::copy_n(h + u, U, new_h + u), std::copy_n(c + u, U, new_c + u);
        if (config.zero_output_for_mask || (config.return_sequences && step == 0))
          std::fill_n(y, U, T(0));
        else if (config.return_sequences)
          std::copy_n(call.y + at.output(step - 1, r), U, y);
      }
    });
  }
  const Array<T>* states[] = {&all.h, &all.c};
  for (int i = 0; i < 2; ++i)
    if (call.final_states[i]) std::copy_n(states[i]->data() + steps * next * n, n, call.final_states[i]);
}

template <class T>
void backward(const ConvLstmConfig& config, const KeptConvLstm<T>& kept, const ConvLstmBackward<T>& call) {
  const KernelTable<T>& kernels = table<T>(*kept.set);
  const Places at(config, kept.shape, call.mask);
  const int64_t U = config.filters, rows = at.rows(), n = at.states(), steps = at.timesteps;
  const int64_t K = config.kernel_size, features = kept.groups * kept.shape.features;
  const bool dropped = call.dropout.mask;
  const int64_t groups = dropped ? 4 : 1;

  Scratch scratch;
  const auto d_sums_part = scratch.reserve<T>(at.batch * steps * at.windows * 4 * U);
  const auto d_z_part = scratch.reserve<T>(4 * n), d_gates_part = scratch.reserve<T>(4 * n);
  const auto d_h_part = scratch.reserve<T>(n), d_c_part = scratch.reserve<T>(n), squashed_part = scratch.reserve<T>(n);
  const auto d_output_part = scratch.reserve<T>(n);  // of the last output, which masked steps after it repeat
  const auto d_before_part = scratch.reserve<T>(n), d_spread_part = scratch.reserve<T>(groups * n);
  const auto spread_part = scratch.reserve<T>(dropped ? 4 * n : 0);
  const auto d_kernel_part = scratch.reserve<T>(K * U * 4 * U);
  scratch.allocate();
  T *d_sums = scratch[d_sums_part], *d_z = scratch[d_z_part], *d_gates = scratch[d_gates_part];
  T *d_h = scratch[d_h_part], *d_c = scratch[d_c_part], *squashed = scratch[squashed_part];
  T *d_output = scratch[d_output_part], *d_before = scratch[d_before_part], *d_spread = scratch[d_spread_part];
  copy_or_zero(call.d_final_states[0], n, d_h);
  copy_or_zero(call.d_final_states[1], n, d_c);
  std::fill_n(d_output, n, T(0));
  std::fill_n(call.d_recurrent_kernel, K * U * 4 * U, T(0));

  for (int64_t step = steps - 1; step >= 0 && !given_up(); --step) {
    const T *h = kept.h.data() + step * n, *c = kept.c.data() + step * n;
    const T *z = kept.sums.data() + step * 4 * n, *gates = kept.gates.data() + step * 4 * n;
    const bool has_d_y = call.d_y && (config.return_sequences || step == steps - 1);
    run_team(threads_for(kFlopsOfGate * 4 * n), [&](const Member& member) {
      for (int64_t r = member.begin(rows); r < member.end(rows); ++r) {
        const int64_t at_u = r * U;
        const bool counts = at.counts(step, r);
        const T* d_y = has_d_y && (counts || !config.zero_output_for_mask) ? call.d_y + at.output(step, r) : nullptr;
        for (int64_t u = at_u; d_y && u < at_u + U; ++u) d_output[u] += d_y[u - at_u];
        if (counts) {
          for (int64_t u = at_u; u < at_u + U; ++u) d_h[u] += d_output[u], d_output[u] = 0;
          finish_gradient(kernels, config, z + 4 * at_u, gates + 4 * at_u, c + at_u, c + n + at_u, d_h + at_u,
                          d_c + at_u, squashed + at_u, d_gates + 4 * at_u, d_z + 4 * at_u);
        } else {
          std::fill_n(d_z + 4 * at_u, 4 * U, T(0));
        }
        std::copy_n(d_z + 4 * at_u, 4 * U, d_sums + at.gates(step, r));
      }
    });
    if (dropped) spread(kernels, call.dropout, h, rows, U, scratch[spread_part]);
    ConvBackward<T> of_h{};
    of_h.batch = at.batch, of_h.timesteps = at.windows, of_h.features = groups * U;
    of_h.x = dropped ? scratch[spread_part] : h, of_h.kernel = call.recurrent_kernel, of_h.d_y = d_z;
    of_h.d_x = dropped ? d_spread : d_before, of_h.d_kernel = scratch[d_kernel_part];
    backward(*kept.set, config.recurrent(groups), of_h);
    if (dropped) gather(kernels, call.dropout, d_spread, rows, U, d_before);
    for (int64_t r = 0; r < rows; ++r)
      if (at.counts(step, r)) std::copy_n(d_before + r * U, U, d_h + r * U);
    for (int64_t k = 0; k < K * U * 4 * U; ++k) call.d_recurrent_kernel[k] += scratch[d_kernel_part][k];
  }
  std::copy_n(d_h, n, call.d_states[0]);
  std::copy_n(d_c, n, call.d_states[1]);

  const int64_t of_step = kept.shape.positions * features;
  const Array<T> real = call.mask ? without_masked(call.x, call.mask, at.batch * steps, of_step) : Array<T>();
  ConvBackward<T> of_x{};
  of_x.batch = at.batch * steps, of_x.timesteps = kept.shape.positions, of_x.features = features;
  of_x.x = call.mask ? real.data() : call.x, of_x.kernel = call.kernel, of_x.d_y = d_sums;
  of_x.d_x = call.d_x, of_x.d_kernel = call.d_kernel, of_x.d_bias = call.d_bias;
  backward(*kept.set, config.input(kept.groups), of_x);
}

#define TIDEGATE_INSTANTIATE(T)                                                                                        \
  template class PackedConvLstm<T>;                                                                                    \
  template void forward(const ConvLstmConfig&, const PackedConvLstm<T>&, const ConvLstmForward<T>&, KeptConvLstm<T>*); \
  template void backward(const ConvLstmConfig&, const KeptConvLstm<T>&, const ConvLstmBackward<T>&);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
