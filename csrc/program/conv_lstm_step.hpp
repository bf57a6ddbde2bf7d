// A ConvLSTM as a step of a Program: [B, T, positions, F] -> [B, T, windows, filters] or [B, windows, filters].
#pragma once

#include "dispatch/conv_lstm.hpp"
#include "program/program.hpp"

namespace tidegate {

// The shape of the output. Throws std::invalid_argument for an input that the layer cannot take.
Shape conv_lstm_output_shape(const ConvLstmConfig& config, int64_t features, const Shape& input);

template <class T>
class ConvLstmStep final : public Step<T> {
 public:
  ConvLstmStep(const ConvLstmConfig& config, PackedConvLstm<T> weights)
      : config_(config), weights_(std::move(weights)) {}
  Shape output_shape(const Shape& input) const override {
    return conv_lstm_output_shape(config_, weights_.features(), input);
  }
  void run(const Shape& input, const T* x, T* y) const override { run(input, x, y, {}); }
  void run(const Shape& input, const T* x, T* y, const Carried<T>& carried) const override {
    ConvLstmForward<T> call{};
    call.shape = {input[0], input[1], input[2], input[3]};
    call.x = x, call.y = y, call.mask = carried.mask;
    forward(config_, weights_, call, static_cast<KeptConvLstm<T>*>(nullptr));
  }
  bool passes_mask() const override { return config_.return_sequences; }
  size_t packed_bytes() const override { return weights_.bytes(); }
  double flops(const Shape& input) const override { return config_.flops({input[0], input[1], input[2], input[3]}); }
  Description describe(const Shape& input) const override {
    const int64_t windows = config_.windows(input[2]);
    const int threads = forward_threads(config_.recurrent(1), weights_.recurrent(), input[0], windows);
    return {.set = &weights_.set(), .threads = threads, .tiled = true};
  }

 private:
  ConvLstmConfig config_;
  PackedConvLstm<T> weights_;
};

}  // namespace tidegate
