#include "dispatch/conv.hpp"

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// A whole number of tiles, and close to the entries that `outer` takes at once.
constexpr int64_t kRowsOfChunk = 126;

// Calls f(first, count) for the columns of a matrix, as many at a time as a strip has.
template <class F>
void for_each_strip(int64_t width, int64_t strip, F f) {
  for (int64_t first = 0; first < width; first += strip) f(first, std::min(strip, width - first));
}

// Some taps of a window, [begin, end).
struct Taps {
  int64_t begin, end;

  bool operator==(const Taps&) const = default;
};

// y[i] = bias + sum over taps of x[first + i * step + tap * tap_step] . columns[tap], as far as x has such rows, for
// every sequence of a batch. Forward is one pass for each group. The gradient of x is one over the gradient of the
// sums, with taps that go back in time, for each group and phase of the strides.
template <class T>
struct Pass {
  int64_t batch, outputs, inputs;  // rows of y and of x in a sequence
  int64_t first, step, taps, tap_step;
  const T* x;  // [batch, inputs, x_width], `depth` elements of a row are multiplied
  int64_t x_width, depth;
  const T* columns;  // [strips, taps, depth, <= strip, L]
  const T* bias;     // [width], null: zero
  T* y;              // [batch, outputs, width], by its strides
  int64_t y_batch_stride, y_stride, width;

  int64_t row(int64_t i, int64_t tap) const { return first + i * step + tap * tap_step; }
  bool reads(int64_t i, int64_t tap) const { return row(i, tap) >= 0 && row(i, tap) < inputs; }

  Taps taps_of(int64_t i) const {
    if (reads(i, 0) && reads(i, taps - 1)) return {0, taps};
    int64_t begin = 0, end;
    while (begin < taps && !reads(i, begin)) ++begin;
    for (end = begin; end < taps && reads(i, end);) ++end;
    return {begin, end};
  }
};

// A member's share of the outputs [i, end), which all have these taps.
template <class T>
void multiply_alike(const KernelTable<T>& kernels, const Member& member, const Pass<T>& a, int64_t i, int64_t end,
                    Taps taps) {
  const int64_t count = end - i, last = member.end(a.batch * count);
  const Runs runs{taps.end - taps.begin, a.tap_step * a.x_width, {0, 0}, {a.depth, 0}};
  const T* from[kRowsOfChunk];
  T* to[kRowsOfChunk];
  for (int64_t r = member.begin(a.batch * count); r < last; r += kRowsOfChunk) {
    const int64_t rows = std::min(kRowsOfChunk, last - r);
    int64_t b = r / count, output = i + r % count;
    for (int64_t k = 0; k < rows; ++k) {
      from[k] = a.x + (b * a.inputs + a.row(output, taps.begin)) * a.x_width;
      to[k] = a.y + b * a.y_batch_stride + output * a.y_stride;
      if (++output == end) output = i, ++b;
    }
    for_each_strip(a.width, kernels.strip * kernels.lanes, [&](int64_t column, int64_t width) {
      const int64_t whole = whole_vectors(width, kernels.lanes);
      const T* columns = a.columns + (column * a.taps + whole * taps.begin) * a.depth;
      kernels.product({rows, from, runs, to, width, columns, a.bias ? a.bias + column : nullptr, false});
      for (int64_t k = 0; k < rows; ++k) to[k] += width;
    });
  }
}

// A member's share of a pass. Outputs that have the same taps are multiplied together.
template <class T>
void multiply(const KernelTable<T>& kernels, const Member& member, const Pass<T>& a) {
  for (int64_t i = 0, end; i < a.outputs; i = end) {
    const Taps taps = a.taps_of(i);
    for (end = i + 1; end < a.outputs && a.taps_of(end) == taps;) ++end;
    multiply_alike(kernels, member, a, i, end, taps);
  }
}

// Steps first, first + stride, ... of a sequence, which meet taps phase, phase + stride, ... of the kernel only.
struct Phase {
  int64_t first, steps, phase, taps, window;  // tap `phase` of this window is the first step

  Phase(const ConvConfig& config, int64_t timesteps, int64_t first)
      : first(first), steps((timesteps - 1 - first) / config.stride + 1) {
    const int64_t at = first + config.before(timesteps);
    phase = at % config.stride;
    window = at / config.stride;
    taps = phase < config.kernel_size ? (config.kernel_size - 1 - phase) / config.stride + 1 : 0;
  }
};

// What a tap meets in so many windows of a batch, from window `entry` on: rows of x, or of zeros beyond the sequence.
template <class T>
void rows_of_tap(const ConvConfig& config, const ConvBackward<T>& call, int64_t tap, int64_t entry, int64_t entries,
                 int64_t feature, const T* zeros, const T** rows) {
  const int64_t windows = config.windows(call.timesteps);
  const int64_t of_first = tap * config.dilation - config.before(call.timesteps);
  int64_t b = entry / windows, w = entry % windows;
  for (int64_t e = 0; e < entries; ++e) {
    const int64_t step = of_first + w * config.stride;
    const bool there = step >= 0 && step < call.timesteps;
    rows[e] = there ? call.x + (b * call.timesteps + step) * call.features + feature : zeros;
    if (++w == windows) w = 0, ++b;
  }
}

}  // namespace

int64_t ConvConfig::windows(int64_t timesteps) const {
  if (padding != Padding::valid) return (timesteps + stride - 1) / stride;
  return timesteps < span() ? 0 : (timesteps - span()) / stride + 1;
}

int64_t ConvConfig::before(int64_t timesteps) const {
  if (padding == Padding::valid) return 0;
  if (padding == Padding::causal) return span() - 1;
  return std::max<int64_t>((windows(timesteps) - 1) * stride + span() - timesteps, 0) / 2;
}

double ConvConfig::flops(int64_t batch, int64_t timesteps, int64_t features) const {
  return 2.0 * batch * windows(timesteps) * kernel_size * (features / groups) * filters;
}

template <class T>
PackedConv<T>::PackedConv(Packing& packing, const ConvConfig& config, int64_t features, const T* kernel, const T* bias)
    : set_(&packing.set()), features_(features) {
  const KernelTable<T>& kernels = table<T>(*set_);
  const int64_t depth = config.kernel_size * (features / config.groups), U = config.filters / config.groups;
  const int64_t group = depth * whole_vectors(U, kernels.lanes);
  columns_ = packing.array<T>(config.groups * group, [&](T* to) {
    for (int64_t g = 0; g < config.groups; ++g)
      kernels.pack_columns(kernel + g * U, depth, U, config.filters, 1, to + g * group);
  });
  if (bias) bias_ = packing.array<T>(config.filters, [&](T* to) { std::copy_n(bias, config.filters, to); });
}

template <class T>
int forward_threads(const ConvConfig& config, const PackedConv<T>& weights, int64_t batch, int64_t timesteps) {
  return threads_for(config.flops(batch, timesteps, weights.features()));
}

template <class T>
void forward(const ConvConfig& config, const PackedConv<T>& weights, int64_t batch, int64_t timesteps, const T* x, T* y,
             T* sums) {
  const KernelTable<T>& kernels = table<T>(weights.set());
  const int64_t G = config.groups, F = weights.features() / G, U = config.filters / G;
  const int64_t windows = config.windows(timesteps), columns = config.kernel_size * F * whole_vectors(U, kernels.lanes);
  T* to = sums ? sums : y;

  run_team(forward_threads(config, weights, batch, timesteps), [&](const Member& member) {
    for (int64_t g = 0; g < G; ++g)
      multiply(kernels, member,
               Pass<T>{.batch = batch,
                       .outputs = windows,
                       .inputs = timesteps,
                       .first = -config.before(timesteps),
                       .step = config.stride,
                       .taps = config.kernel_size,
                       .tap_step = config.dilation,
                       .x = x + g * F,
                       .x_width = G * F,
                       .depth = F,
                       .columns = weights.columns() + g * columns,
                       .bias = weights.bias() ? weights.bias() + g * U : nullptr,
                       .y = to + g * U,
                       .y_batch_stride = windows * G * U,
                       .y_stride = G * U,
                       .width = U});
    if (config.activation == Activation::linear && to == y) return;
    member.meet();
    for (int64_t r = member.begin(batch * windows); r < member.end(batch * windows); ++r)
      kernels.activate(config.activation, to + r * G * U, y + r * G * U, G * U);
  });
}

template <class T>
void backward(const InstructionSet& set, const ConvConfig& config, const ConvBackward<T>& call) {
  const KernelTable<T>& kernels = table<T>(set);
  const int64_t K = config.kernel_size, G = config.groups, F = call.features / G, U = config.filters / G;
  const int64_t timesteps = call.timesteps, windows = config.windows(timesteps), N = call.batch * windows;
  const int64_t L = kernels.lanes, strip = kernels.strip * L, strips = (U + strip - 1) / strip;
  const int64_t whole_F = whole_vectors(F, L), whole_U = whole_vectors(U, L);
  const int64_t columns_of_phase = ((K - 1) / config.stride + 1) * U * whole_F;
  const int64_t columns_of_group = std::min(config.stride, K) * columns_of_phase;
  const bool linear = config.activation == Activation::linear;

  Scratch scratch;
  const auto d_sums_part = scratch.reserve<T>(linear ? 0 : N * G * U);
  const auto panels_part = scratch.reserve<T>(N * G * whole_U);        // d_sums as [G, strips, N, <= strip, L]
  const auto d_kernel_part = scratch.reserve<T>(K * G * F * whole_U);  // [G, strips, K, F, <= strip, L]
  const auto transposed_part = scratch.reserve<T>(call.d_x ? G * columns_of_group : 0);  // [G, phases, ...]
  const auto zeros_part = scratch.reserve<T>(F);
  scratch.allocate();
  const T* d_sums = linear ? call.d_y : scratch[d_sums_part];
  std::fill_n(scratch[zeros_part], F, T(0));
  // Calls f(group, phase, its columns), if d_x is wanted.
  const auto for_each_phase = [&](auto f) {
    for (int64_t g = 0; call.d_x && g < G; ++g)
      for (int64_t first = 0; first < std::min(config.stride, timesteps); ++first) {
        const Phase phase(config, timesteps, first);
        f(g, phase, scratch[transposed_part] + g * columns_of_group + phase.phase * columns_of_phase);
      }
  };

  run_team(threads_for(2 * config.flops(call.batch, timesteps, call.features)), [&](const Member& member) {
    const int64_t begin = member.begin(N), end = member.end(N);
    for (int64_t r = begin; !linear && r < end; ++r)
      kernels.activate_gradient(config.activation, call.sums + r * G * U, call.y + r * G * U, call.d_y + r * G * U,
                                scratch[d_sums_part] + r * G * U, G * U);
    for (int64_t g = 0; g < G; ++g)
      for_each_strip(U, strip, [&](int64_t column, int64_t width) {
        T* panels = scratch[panels_part] + (g * whole_U + column) * N + begin * whole_vectors(width, L);
        kernels.pack_columns(d_sums + (begin * G + g) * U + column, end - begin, width, G * U, 1, panels);
      });
    if (member.index == member.count - 1)
      for_each_phase([&](int64_t g, const Phase& phase, T* columns) {
        for_each_strip(F, strip, [&](int64_t column, int64_t width) {
          for (int64_t tap = phase.phase; tap < K; tap += config.stride, columns += U * whole_vectors(width, L))
            kernels.pack_columns(call.kernel + ((tap * F + column) * G + g) * U, U, width, 1, G * U, columns);
        });
      });
    member.meet();

    for_each_phase([&](int64_t g, const Phase& phase, const T* columns) {
      multiply(kernels, member,
               Pass<T>{.batch = call.batch,
                       .outputs = phase.steps,
                       .inputs = windows,
                       .first = phase.window,
                       .step = 1,
                       .taps = phase.taps,
                       .tap_step = -config.dilation,
                       .x = d_sums + g * U,
                       .x_width = G * U,
                       .depth = U,
                       .columns = columns,
                       .bias = nullptr,
                       .y = call.d_x + (phase.first * G + g) * F,
                       .y_batch_stride = timesteps * G * F,
                       .y_stride = config.stride * G * F,
                       .width = F});
    });
    for_each_share(member, G * strips * K, F, [&](int64_t panel, int64_t first, int64_t last) {
      const int64_t g = panel / (strips * K), column = panel / K % strips * strip, tap = panel % K;
      const int64_t width = std::min(strip, U - column), whole = whole_vectors(width, L);
      const int vectors = static_cast<int>(whole / L);
      T* gradient = scratch[d_kernel_part] + ((g * whole_U + column) * K + tap * whole) * F;
      std::fill_n(gradient + first * whole, (last - first) * whole, T(0));
      const T* rows[kRowsOfChunk];
      for (int64_t entry = 0; entry < N; entry += kRowsOfChunk) {
        const int64_t entries = std::min(kRowsOfChunk, N - entry);
        rows_of_tap(config, call, tap, entry, entries, g * F, scratch[zeros_part], rows);
        const T* panels = scratch[panels_part] + (g * whole_U + column) * N + entry * whole;
        kernels.outer({entries, first, last, rows, panels, whole, {vectors, vectors - 1}, gradient});
      }
      for (int64_t f = first; f < last; ++f)
        std::copy_n(gradient + f * whole, width, call.d_kernel + ((tap * F + f) * G + g) * U + column);
    });
    if (call.d_bias && member.index == 0) {
      std::fill_n(call.d_bias, G * U, T(0));
      kernels.sum_rows(d_sums, N, G * U, G * U, call.d_bias);
    }
  });
}

#define TIDEGATE_INSTANTIATE(T)                                                                       \
  template class PackedConv<T>;                                                                       \
  template int forward_threads(const ConvConfig&, const PackedConv<T>&, int64_t, int64_t);            \
  template void forward(const ConvConfig&, const PackedConv<T>&, int64_t, int64_t, const T*, T*, T*); \
  template void backward(const InstructionSet&, const ConvConfig&, const ConvBackward<T>&);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
