// A convolution over time as a step of a Program, [B, T, F] -> [B, windows, filters].
#pragma once

#include "dispatch/conv.hpp"
#include "program/program.hpp"

namespace tidegate {

// The shape of the output. Throws std::invalid_argument for an input that the convolution cannot take.
Shape conv_output_shape(const ConvConfig& config, int64_t features, const Shape& input);

template <class T>
class ConvStep final : public Step<T> {
 public:
  ConvStep(const ConvConfig& config, PackedConv<T> weights) : config_(config), weights_(std::move(weights)) {}
  Shape output_shape(const Shape& input) const override {
    return conv_output_shape(config_, weights_.features(), input);
  }
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override {
    forward(config_, weights_, input[0], input[1], x, y, static_cast<T*>(nullptr));
  }
  bool streams() const override { return config_.kernel_size == 1 && config_.stride == 1; }
  size_t packed_bytes() const override { return weights_.bytes(); }
  double flops(const Shape& input) const override { return config_.flops(input[0], input[1], input[2]); }
  Description describe(const Shape& input) const override {
    const int threads = forward_threads(config_, weights_, input[0], input[1]);
    return {.set = &weights_.set(), .threads = threads, .tiled = true};
  }

 private:
  ConvConfig config_;
  PackedConv<T> weights_;
};

}  // namespace tidegate
