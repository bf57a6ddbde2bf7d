// Keras's activation functions over contiguous rows: the way of every activation that is not finished in registers.
#pragma once

#include <stdint.h>

namespace tidegate {

// Name, as Keras spells it, of each activation.
// clang-format off
#define TIDEGATE_ACTIVATIONS(X)                                                                                  \
  X(linear) X(relu) X(relu6) X(leaky_relu) X(elu) X(selu) X(celu) X(softplus) X(softsign) X(silu) X(gelu)          \
  X(exponential) X(tanh) X(sigmoid) X(hard_sigmoid) X(hard_silu) X(hard_tanh) X(mish) X(log_sigmoid)              \
  X(tanh_shrink) X(hard_shrink) X(soft_shrink) X(squareplus) X(sparse_plus) X(sparse_sigmoid) X(softmax)          \
  X(log_softmax)
// clang-format on

enum class Activation : int32_t {
#define TIDEGATE_NAME(name) name,
  TIDEGATE_ACTIVATIONS(TIDEGATE_NAME)
#undef TIDEGATE_NAME
};

#ifdef TIDEGATE_ISA
namespace TIDEGATE_ISA {

// y = f(x), [n]; x and y may be the same. softmax and log_softmax normalise over the n elements.
void activate(Activation f, const float* x, float* y, int64_t n);
void activate(Activation f, const double* x, double* y, int64_t n);

// d_x = f'(x) d_y with y = f(x), [n]; d_x and d_y may be the same.
void activate_gradient(Activation f, const float* x, const float* y, const float* d_y, float* d_x, int64_t n);
void activate_gradient(Activation f, const double* x, const double* y, const double* d_y, double* d_x, int64_t n);

}  // namespace TIDEGATE_ISA
#endif

}  // namespace tidegate
