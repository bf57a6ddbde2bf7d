// A recurrent layer's weights as its forward pass reads them.
#include <algorithm>

#include "dispatch/recurrent.hpp"
#include "runtime/parallel.hpp"

namespace tidegate {

template <class T>
PackedRecurrent<T>::PackedRecurrent(Packing& packing, const RecurrentConfig& config, int64_t features,
                                    const RecurrentWeights<T>& weights)
    : features_(features) {
  const Precision precision = config.can_be_narrow() ? packing.precision() : Precision::full;
  const NarrowKernels narrow = narrow_kernels(packing.set(), precision);
  narrow_ = narrow.table, set_ = narrow.set;
  const KernelTable<T>& kernels = table<T>(*set_);
  const CellLayout layout = config.layout();
  const int gates = layout.gates;
  const int64_t L = kernels.lanes, U = config.units, V = (U + L - 1) / L * L;
  tail_ = narrow_ ? 0 : quarters_of_tail(layout, U, L);
  const auto packed = [&](const T* matrix, int64_t rows, int first_gate, int vectors) {
    const int64_t width = tail_ > 0 ? (V - L) * vectors + tail_ * L : V * vectors;
    return PackedFactor<T>(packing, narrow_, matrix, rows, gates * U, width, [&](const T* from, int64_t depth, T* to) {
      kernels.pack_gates(from, depth, U, gates, first_gate, vectors, tail_, to);
    });
  };
  kernel_ = packed(weights.kernel, features, 0, gates);
  for (int stage = 0, gate = 0; stage < layout.stages; gate += layout.recurrent[stage++].vectors)
    recurrent_[stage] = packed(weights.recurrent_kernel, U, gate, layout.recurrent[stage].vectors);
  pack_bias(packing, config, weights.bias);
}

template <class T>
PackedRecurrent<T> PackedRecurrent<T>::by_gate(Packing& packing, const RecurrentConfig& config, int64_t features,
                                               const RecurrentWeights<T>& weights) {
  PackedRecurrent packed(packing.set(), features);
  const KernelTable<T>& kernels = table<T>(packing.set());
  const int64_t gates = config.layout().gates, U = config.units, V = whole_vectors(U, kernels.lanes);
  const auto columns = [&](const T* matrix, int64_t rows) {
    return PackedFactor<T>(packing, nullptr, matrix, rows, gates * U, gates * V,
                           [&](const T* from, int64_t depth, T* to) {
                             for (int64_t gate = 0; gate < gates; ++gate)
                               kernels.pack_columns(from + gate * U, depth, U, gates * U, 1, to + gate * depth * V);
                           });
  };
  packed.kernel_ = columns(weights.kernel, features);
  packed.recurrent_[0] = columns(weights.recurrent_kernel, U);
  packed.pack_bias(packing, config, weights.bias);
  return packed;
}

template <class T>
void PackedRecurrent<T>::pack_bias(Packing& packing, const RecurrentConfig& config, const T* bias) {
  const CellLayout layout = config.layout();
  const int64_t L = table<T>(*set_).lanes, U = config.units, V = whole_vectors(U, L);
  // Where the sum of a gate starts that the input (row 0) or the state adds to.
  const auto place = [&](int64_t row, int gate, int64_t u) {
    const Slots slots = row == 0 ? layout.input : layout.recurrent[0];
    const int64_t panel = u / L * layout.sums * L;
    if (tail_ == 0 || u < V - L) return panel + slots.slot(gate) * L + u % L;
    const bool share = slots.slot(gate) != layout.input.slot(gate);
    return panel + (share ? vectors_before_share(layout, tail_) * L : 0) + gate * tail_ * L / 4 + u % L;
  };
  bias_ = packing.array<T>(layout.sums * V, [&](T* to) {
    std::fill_n(to, layout.sums * V, T(0));
    for (int64_t row = 0; bias && row < config.bias_rows(); ++row)
      for (int gate = 0; gate < layout.gates; ++gate)
        for (int64_t u = 0; u < U; ++u) to[place(row, gate, u)] += bias[(row * layout.gates + gate) * U + u];
  });
}

template <class T>
void PackedRecurrent<T>::premultiply(Packing& packing, const RecurrentConfig& config, const T* embedding,
                                     int64_t rows) {
  const int64_t row = bias_.size();
  table_ = packing.array<T>(rows * row, [&](T* to) {
    std::fill_n(to, rows * row, T(0));
    multiply_rows(config, embedding, rows, to);
  });
}

// The chains of a tile's sums as far as the input takes part in them: so a table changes no bit.
template <class T>
void PackedRecurrent<T>::multiply_rows(const RecurrentConfig& config, const T* embedding, int64_t rows, T* sums) const {
  const KernelTable<T>& kernels = table<T>(*set_);
  const CellLayout layout = config.layout();
  const int64_t width = layout.gates * kernels.lanes, depth = narrow_ ? elements_of(*narrow_, features_) : features_;
  const int64_t sums_of_panel = layout.sums * kernels.lanes, row = bias_.size(), panels = row / sums_of_panel;
  run_team(num_threads(), [&](const Member& member) {
    const Array<uint32_t> elements(narrow_ ? depth : 0);
    for (int64_t i = member.begin(rows); i < member.end(rows); ++i) {
      const T* x = embedding + i * features_;
      [[maybe_unused]] float scale = 1;
      if constexpr (sizeof(T) == sizeof(float))
        if (narrow_) scale = narrow_->narrow(x, features_, elements.data());
      for (int64_t p = 0; p < panels; ++p) {
        T* to = sums + i * row + p * sums_of_panel;
        const T* bias = bias_.data() + p * sums_of_panel;
        const T* columns = static_cast<const T*>(kernel_.elements()) + p * depth * width;
        if (!narrow_) {
          const int64_t real = tail_ > 0 && p == panels - 1 ? tail_ * kernels.lanes : width;
          kernels.product({1, &x, Runs{1, 0, {0, 0}, {features_, 0}}, &to, real, columns, bias, false});
        } else if constexpr (sizeof(T) == sizeof(float)) {
          const ColumnScales scales = kernel_.columns().of(p, layout.gates, kernels.lanes);
          narrow_->product({1, depth, elements.data(), &scale, to, width, width, columns, scales, bias});
        }
      }
    }
  });
}

template class PackedRecurrent<float>;
template class PackedRecurrent<double>;

}  // namespace tidegate
