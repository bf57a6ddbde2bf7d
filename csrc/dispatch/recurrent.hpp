// A recurrent layer as a whole: its configuration, packed weights, and the passes over time, planned and shared among
// threads.
#pragma once

#include <algorithm>

#include "dispatch/packing.hpp"

namespace tidegate {

struct RecurrentConfig {
  Cell cell;
  int64_t units;
  Activation activation, recurrent_activation;
  bool use_bias, return_sequences, go_backwards, zero_output_for_mask;

  CellLayout layout() const { return layout_of(cell); }
  // Gates that a row of the bias has, and its rows: GRU with reset_after has one for each product.
  int64_t bias_rows() const { return cell == Cell::gru ? 2 : 1; }
  // Whether the activations are those that the cell finishes in registers. A single gate has the one activation.
  bool fused() const {
    return activation == Activation::tanh && (layout().gates == 1 || recurrent_activation == Activation::sigmoid);
  }
  // Whether its products may take narrow factors.
  bool can_be_narrow() const { return fused() && static_cast<int>(cell) < kNarrowCells; }
};

struct RecurrentShape {
  int64_t batch, timesteps, features;
};

// Floating-point operations of a forward pass.
inline double flops(const RecurrentConfig& config, const RecurrentShape& shape) {
  const double sums = config.layout().gates * config.units;
  return 2.0 * shape.batch * shape.timesteps * (shape.features + config.units) * sums;
}

// Weights in Keras's layout: kernel [F, G U], recurrent_kernel [U, G U], bias [bias_rows, G U] or null.
template <class T>
struct RecurrentWeights {
  const T *kernel, *recurrent_kernel, *bias;
};

template <class T>
class PackedRecurrent {
 public:
  // In full where the layer cannot be narrow.
  PackedRecurrent(Packing& packing, const RecurrentConfig& config, int64_t features,
                  const RecurrentWeights<T>& weights);
  // For forward passes with dropout.
  static PackedRecurrent by_gate(Packing& packing, const RecurrentConfig& config, int64_t features,
                                 const RecurrentWeights<T>& weights);

  const InstructionSet& set() const { return *set_; }
  const NarrowTable* narrow() const { return narrow_; }               // null: products are of T
  int64_t numbers() const { return narrow_ ? narrow_->numbers : 1; }  // in an element
  int64_t features() const { return features_; }
  const T* input_table() const { return table_.data(); }  // null: x has features
  size_t bytes() const {
    return kernel_.bytes() + recurrent_[0].bytes() + recurrent_[1].bytes() + bias_.bytes() + table_.bytes();
  }
  PackedCell<T> cell() const {
    return {kernel_.elements(), {recurrent_[0].elements(), recurrent_[1].elements()}, tail_, bias_.data(),
            kernel_.columns(),  {recurrent_[0].columns(), recurrent_[1].columns()}};
  }

  // Makes the input product of every row of an embedding [rows, features]: x is numbers of rows from now on, [B, T]
  // elements of T.
  void premultiply(Packing& packing, const RecurrentConfig& config, const T* embedding, int64_t rows);

 private:
  PackedRecurrent(const InstructionSet& set, int64_t features) : set_(&set), features_(features) {}

  void pack_bias(Packing& packing, const RecurrentConfig& config, const T* bias);
  void multiply_rows(const RecurrentConfig& config, const T* embedding, int64_t rows, T* table) const;

  const InstructionSet* set_;
  const NarrowTable* narrow_ = nullptr;
  int64_t features_;
  int tail_ = 0;
  PackedFactor<T> kernel_, recurrent_[2];
  Array<T> bias_, table_;
};

// Bytes of the table that premultiply() makes.
template <class T>
double table_bytes(const RecurrentConfig& config, int64_t rows) {
  return static_cast<double>(rows) * config.layout().sums * config.units * sizeof(T);
}

// The flops of a forward pass that takes as long: those on the numbers of one element are done at once, and to read
// the weights for one row takes as long as to compute with them for two.
template <class T>
double work(const RecurrentConfig& config, const PackedRecurrent<T>& weights, RecurrentShape shape) {
  shape.batch = std::max<int64_t>(shape.batch, 2);
  if (weights.input_table()) shape.features = 0;
  return flops(config, shape) / weights.numbers();
}

// What forward keeps for backward: state sequences [T + 1, B, V] and gates [T, P, B, S, L].
template <class T>
struct KeptRecurrent {
  const InstructionSet* set;
  RecurrentShape shape;
  Array<T> h, c, gates, sums;

  size_t bytes() const { return h.bytes() + c.bytes() + gates.bytes() + sums.bytes(); }
};

template <class T>
struct RecurrentForward {
  RecurrentShape shape;
  const T* x;           // [B, T, F], or [B, T] numbers of rows of the weights' table, which must be right
  const uint8_t* mask;  // [B, T] or null
  const T* states[2];   // h0, c0 [B, U], or null for zeros
  GateMasks dropout;    // with any, the weights are packed by_gate()
  Sequence<T> y;        // with return_sequences [T, B, U] in the order of processing, else the last output at (0, b)
  T* final_states[2];   // h, c [B, U], or null where nobody asks
};

// The outputs of a layer alone: y [B, T, U] with return_sequences, else [B, U].
template <class T>
Sequence<T> outputs_in(T* y, const RecurrentConfig& config, const RecurrentShape& shape) {
  return {y, config.units, (config.return_sequences ? shape.timesteps : 1) * config.units};
}

// Fills `kept` unless it is null.
template <class T>
void forward(const RecurrentConfig&, const PackedRecurrent<T>&, const RecurrentForward<T>&, KeptRecurrent<T>* kept);

template <class T>
struct RecurrentBackward {
  const T* x;
  const uint8_t* mask;
  GateMasks dropout;  // as forward had it
  RecurrentWeights<T> weights;
  const T* d_y;                // like y, or null for zeros
  const T* d_final_states[2];  // [B, U], or null for zeros
  T* d_x;                      // [B, T, F], or null where nobody asks
  T *d_kernel, *d_recurrent_kernel, *d_bias;
  T* d_states[2];  // of the initial states [B, U]
};

template <class T>
void backward(const RecurrentConfig&, const KeptRecurrent<T>&, const RecurrentBackward<T>&);

}  // namespace tidegate
