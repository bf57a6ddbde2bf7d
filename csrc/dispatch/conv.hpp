// A convolution over time as a whole: y = activation(sum over taps of x . kernel[tap] + bias), and its gradients.
//
// Window w of a sequence begins at its step w * stride - before, and has K taps, `dilation` steps apart. Taps outside
// the sequence are left out, nothing is copied to pad it. Filters and features come in `groups` that know nothing of
// each other.
#pragma once

#include "dispatch/packing.hpp"

namespace tidegate {

// valid: only windows within the sequence; same: ceil(timesteps / stride) of them, which reach beyond both ends alike;
// causal: as many, none of which reaches beyond its own step.
enum class Padding { valid, same, causal };

struct ConvConfig {
  int64_t filters, kernel_size, stride, dilation, groups;  // of stride and dilation, one is 1
  Padding padding;
  Activation activation;
  bool use_bias;

  // Steps from the first tap of a window to behind its last.
  int64_t span() const { return (kernel_size - 1) * dilation + 1; }
  int64_t windows(int64_t timesteps) const;
  int64_t before(int64_t timesteps) const;
  double flops(int64_t batch, int64_t timesteps, int64_t features) const;
};

template <class T>
class PackedConv {
 public:
  // kernel [K, features / groups, filters], bias [filters] or null. In full, whatever the precision of the packing.
  PackedConv(Packing& packing, const ConvConfig& config, int64_t features, const T* kernel, const T* bias);

  const InstructionSet& set() const { return *set_; }
  int64_t features() const { return features_; }
  size_t bytes() const { return columns_.bytes() + bias_.bytes(); }
  const T* columns() const { return columns_.data(); }
  const T* bias() const { return bias_.data(); }

 private:
  const InstructionSet* set_;
  int64_t features_;
  Array<T> columns_, bias_;  // columns: of each group, as ProductArgs has them
};

// Threads that forward shares the windows among.
template <class T>
int forward_threads(const ConvConfig&, const PackedConv<T>&, int64_t batch, int64_t timesteps);

// x [batch, timesteps, features] -> y [batch, windows, filters]. `sums`, shaped as y, receives what the activation is
// applied to, unless it is null.
template <class T>
void forward(const ConvConfig&, const PackedConv<T>&, int64_t batch, int64_t timesteps, const T* x, T* y, T* sums);

template <class T>
struct ConvBackward {
  int64_t batch, timesteps, features;
  const T *x, *kernel;
  const T *sums, *y;  // as forward kept and gave them; not read if the activation is linear
  const T* d_y;
  T *d_x, *d_kernel, *d_bias;  // d_x and d_bias may be null
};

template <class T>
void backward(const InstructionSet&, const ConvConfig&, const ConvBackward<T>&);

}  // namespace tidegate
