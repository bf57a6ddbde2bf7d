// A dense layer as a whole: y = activation(x . kernel + bias) over rows, and its gradients.
#pragma once

#include "dispatch/packing.hpp"

namespace tidegate {

struct DenseConfig {
  int64_t units;
  Activation activation;
  bool use_bias;
};

template <class T>
class PackedDense {
 public:
  // kernel [F, U], bias [U] or null.
  PackedDense(Packing& packing, const DenseConfig& config, int64_t features, const T* kernel, const T* bias);

  const InstructionSet& set() const { return *set_; }
  const NarrowTable* narrow() const { return narrow_; }  // null: products are of T
  int64_t features() const { return features_; }
  size_t bytes() const { return kernel_.bytes() + bias_.bytes(); }
  const PackedFactor<T>& kernel() const { return kernel_; }
  const T* bias() const { return bias_.data(); }

 private:
  const NarrowTable* narrow_;
  const InstructionSet* set_;
  int64_t features_;
  PackedFactor<T> kernel_;
  Array<T> bias_;
};

// Threads that forward shares the rows among.
template <class T>
int forward_threads(const DenseConfig&, const PackedDense<T>&, int64_t rows);

// x [rows, F] -> y [rows, U]. `sums` [rows, U] receives what the activation is applied to, unless it is null.
template <class T>
void forward(const DenseConfig&, const PackedDense<T>&, int64_t rows, const T* x, T* y, T* sums);

template <class T>
struct DenseBackward {
  int64_t rows, features;
  const T *x, *kernel;
  const T *sums, *y;  // as forward kept and gave them; not read if the activation is linear
  const T* d_y;
  T *d_x, *d_kernel, *d_bias;  // d_x and d_bias may be null
};

template <class T>
void backward(const InstructionSet&, const DenseConfig&, const DenseBackward<T>&);

}  // namespace tidegate
