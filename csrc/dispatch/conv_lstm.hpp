// A ConvLSTM over time as a whole: an LSTM whose products are convolutions over the positions of a timestep. That of x
// is made for all timesteps at once, that of h step by step.
#pragma once

#include "dispatch/conv.hpp"

namespace tidegate {

struct ConvLstmShape {
  int64_t batch, timesteps, positions, features;
};

struct ConvLstmConfig {
  int64_t filters, kernel_size, stride, dilation;
  Padding padding;
  Activation activation, recurrent_activation;
  bool use_bias, return_sequences, go_backwards, zero_output_for_mask;

  // With 4 groups each gate has inputs of its own, or states: they then lie side by side.
  ConvConfig input(int64_t groups) const {
    return {4 * filters, kernel_size, stride, dilation, groups, padding, Activation::linear, use_bias};
  }
  ConvConfig recurrent(int64_t groups) const {
    return {4 * filters, kernel_size, 1, 1, groups, Padding::same, Activation::linear, false};
  }
  // Positions of the states and of the outputs.
  int64_t windows(int64_t positions) const { return input(1).windows(positions); }
  double flops(const ConvLstmShape&) const;
};

template <class T>
class PackedConvLstm {
 public:
  // kernel [K, features, 4 filters], recurrent_kernel [K, filters, 4 filters], bias [4 filters] or null.
  PackedConvLstm(Packing& packing, const ConvLstmConfig& config, int64_t features, int64_t groups,
                 int64_t recurrent_groups, const T* kernel, const T* recurrent_kernel, const T* bias);

  const InstructionSet& set() const { return input_.set(); }
  int64_t features() const { return input_.features() / groups_; }
  int64_t groups() const { return groups_; }
  int64_t recurrent_groups() const { return recurrent_groups_; }
  size_t bytes() const { return input_.bytes() + recurrent_.bytes(); }
  const PackedConv<T>& input() const { return input_; }
  const PackedConv<T>& recurrent() const { return recurrent_; }

 private:
  int64_t groups_, recurrent_groups_;
  PackedConv<T> input_, recurrent_;
};

// What forward keeps for backward, in the order of processing: states [T + 1, B, windows, filters], and what the gates'
// activations were applied to and gave, [T, B, windows, 4 filters].
template <class T>
struct KeptConvLstm {
  const InstructionSet* set;
  ConvLstmShape shape;
  int64_t groups;
  Array<T> h, c, sums, gates;

  size_t bytes() const { return h.bytes() + c.bytes() + sums.bytes() + gates.bytes(); }
};

// Dropout of states: [B, windows, 4, filters], not 0 where an element stays, which is then multiplied by `scale`.
struct StateDropout {
  const uint8_t* mask;  // null: without
  double scale;
};

template <class T>
struct ConvLstmForward {
  ConvLstmShape shape;
  const T* x;            // [B, T, positions, features], or with 4 groups [B, T, positions, 4, features]
  const uint8_t* mask;   // [B, T] or null
  const T* states[2];    // h0, c0 [B, windows, filters], or null for zeros
  StateDropout dropout;  // the weights have 4 recurrent groups then
  T* y;  // with return_sequences [B, T, windows, filters] in the order of processing, else the last output
  T* final_states[2];  // null where nobody asks
};

// Fills `kept` unless it is null.
template <class T>
void forward(const ConvLstmConfig&, const PackedConvLstm<T>&, const ConvLstmForward<T>&, KeptConvLstm<T>* kept);

template <class T>
struct ConvLstmBackward {
  const T *x, *kernel, *recurrent_kernel;
  const uint8_t* mask;
  StateDropout dropout;        // as forward had it
  const T* d_y;                // like y, or null for zeros
  const T* d_final_states[2];  // or null for zeros
  T* d_x;                      // like x, or null where nobody asks
  T *d_kernel, *d_recurrent_kernel, *d_bias;
  T* d_states[2];  // of the initial states
};

template <class T>
void backward(const ConvLstmConfig&, const KeptConvLstm<T>&, const ConvLstmBackward<T>&);

}  // namespace tidegate
