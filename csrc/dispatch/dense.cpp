#include "dispatch/dense.hpp"

#include "dispatch/multiply.hpp"
#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// As multiply(), with factors as narrow as the weights are. `elements` is scratch for the rows of a chunk.
void multiply_narrow(const PackedDense<float>& weights, int64_t begin, int64_t end, const float* x, uint32_t* elements,
                     float* y, int64_t width) {
  const NarrowTable& narrow = *weights.narrow();
  const int64_t F = weights.features(), depth = elements_of(narrow, F);
  float scale[kRowsOfChunk];
  for (int64_t first = begin; first < end; first += kRowsOfChunk) {
    const int64_t rows = std::min(kRowsOfChunk, end - first);
    for (int64_t i = 0; i < rows; ++i) scale[i] = narrow.narrow(x + (first + i) * F, F, elements + i * depth);
    narrow.product({rows, depth, elements, scale, y + first * width, width, width, weights.kernel().elements(),
                    weights.kernel().columns(), weights.bias()});
  }
}

}  // namespace

template <class T>
PackedDense<T>::PackedDense(Packing& packing, const DenseConfig& config, int64_t features, const T* kernel,
                            const T* bias)
    : narrow_(narrow_kernels(packing.set(), packing.precision()).table),
      set_(narrow_kernels(packing.set(), packing.precision()).set),
      features_(features),
      kernel_(packing, narrow_, kernel, features, config.units, whole_vectors(config.units, table<T>(*set_).lanes),
              [&](const T* from, int64_t depth, T* to) {
                table<T>(*set_).pack_columns(from, depth, config.units, config.units, 1, to);
              }) {
  if (bias) bias_ = packing.array<T>(config.units, [&](T* to) { std::copy_n(bias, config.units, to); });
}

template <class T>
int forward_threads(const DenseConfig& config, const PackedDense<T>& weights, int64_t rows) {
  const int64_t depth = weights.narrow() ? elements_of(*weights.narrow(), weights.features()) : weights.features();
  return threads_for(2.0 * rows * depth * config.units, rows);
}

template <class T>
void forward(const DenseConfig& config, const PackedDense<T>& weights, int64_t rows, const T* x, T* y, T* sums) {
  const KernelTable<T>& kernels = table<T>(weights.set());
  const int64_t F = weights.features(), U = config.units;
  const NarrowTable* narrow = weights.narrow();
  const int threads = forward_threads(config, weights, rows);
  const int64_t elements_of_chunk = narrow ? std::min(rows, kRowsOfChunk) * elements_of(*narrow, F) : 0;
  const Array<uint32_t> elements(threads * elements_of_chunk);
  run_team(threads, [&](const Member& member) {
    const int64_t begin = member.begin(rows), end = member.end(rows);
    T* to = sums ? sums : y;
    if constexpr (sizeof(T) == sizeof(float))
      if (narrow) multiply_narrow(weights, begin, end, x, elements.data() + member.index * elements_of_chunk, to, U);
    if (!narrow)
      multiply(kernels, begin, end, x, F, static_cast<const T*>(weights.kernel().elements()), weights.bias(), to, U);
    if (config.activation == Activation::linear && to == y) return;
    for (int64_t r = begin; r < end; ++r) kernels.activate(config.activation, to + r * U, y + r * U, U);
  });
}

template <class T>
void backward(const InstructionSet& set, const DenseConfig& config, const DenseBackward<T>& call) {
  const KernelTable<T>& kernels = table<T>(set);
  const int64_t N = call.rows, F = call.features, U = config.units, L = kernels.lanes;
  const bool linear = config.activation == Activation::linear;

  Scratch scratch;
  const auto d_sums_part = scratch.reserve<T>(linear ? 0 : N * U);
  const auto panels_part = scratch.reserve<T>(N * whole_vectors(U, L));  // d_sums as columns [Q, N, <= strip, L]
  const auto d_kernel_part = scratch.reserve<T>(F * whole_vectors(U, L));
  const auto transposed_part = scratch.reserve<T>(call.d_x ? U * whole_vectors(F, L) : 0);
  const auto rows_part = scratch.reserve<const T*>(N);
  scratch.allocate();
  const T* d_sums = linear ? call.d_y : scratch[d_sums_part];

  run_team(threads_for(4.0 * N * F * U), [&](const Member& member) {
    const int64_t begin = member.begin(N), end = member.end(N);
    for (int64_t r = begin; r < end; ++r) {
      scratch[rows_part][r] = call.x + r * F;
      if (!linear)
        kernels.activate_gradient(config.activation, call.sums + r * U, call.y + r * U, call.d_y + r * U,
                                  scratch[d_sums_part] + r * U, U);
    }
    member.meet();
    if (member.index == 0) kernels.pack_columns(d_sums, N, U, U, 1, scratch[panels_part]);
    if (member.index == member.count - 1) {
      if (call.d_x) kernels.pack_columns(call.kernel, U, F, 1, U, scratch[transposed_part]);
      std::fill_n(scratch[d_kernel_part], F * whole_vectors(U, L), T(0));
    }
    member.meet();
    if (call.d_x)
      multiply(kernels, begin, end, d_sums, U, scratch[transposed_part], static_cast<const T*>(nullptr), call.d_x, F);
    const int64_t block = kernels.strip * L;
    for_each_share(member, (U + block - 1) / block, F, [&](int64_t q, int64_t first, int64_t last) {
      const int64_t column = q * block, width = std::min(block, U - column), whole = whole_vectors(width, L);
      const int vectors = static_cast<int>(whole / L);
      T* gradient = scratch[d_kernel_part] + column * F;
      kernels.outer({N,
                     first,
                     last,
                     scratch[rows_part],
                     scratch[panels_part] + column * N,
                     whole,
                     {vectors, vectors - 1},
                     gradient});
      for (int64_t k = first; k < last; ++k) std::copy_n(gradient + k * whole, width, call.d_kernel + k * U + column);
    });
    if (call.d_bias && member.index == 0) {
      std::fill_n(call.d_bias, U, T(0));
      kernels.sum_rows(d_sums, N, U, U, call.d_bias);
    }
  });
}

template class PackedDense<float>;
template class PackedDense<double>;
template int forward_threads(const DenseConfig&, const PackedDense<float>&, int64_t);
template int forward_threads(const DenseConfig&, const PackedDense<double>&, int64_t);
template void forward(const DenseConfig&, const PackedDense<float>&, int64_t, const float*, float*, float*);
template void forward(const DenseConfig&, const PackedDense<double>&, int64_t, const double*, double*, double*);
template void backward(const InstructionSet&, const DenseConfig&, const DenseBackward<float>&);
template void backward(const InstructionSet&, const DenseConfig&, const DenseBackward<double>&);

}  // namespace tidegate
