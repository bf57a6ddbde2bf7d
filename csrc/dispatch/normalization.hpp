// Layer and batch normalization over rows of F features, and their gradients.
#pragma once

#include "dispatch/dispatch.hpp"
#include "runtime/memory.hpp"

namespace tidegate {

// Threads that each of these shares its rows or columns among.
int normalization_threads(int64_t N, int64_t F);

// x [N, F] -> y [N, F]; gamma and beta [F] or null; moments [N, 2]: mean and inverse deviation of each row.
template <class T>
void layer_norm(const InstructionSet&, int64_t N, int64_t F, double epsilon, const T* x, const T* gamma, const T* beta,
                T* y, T* moments);

// d_x may be null.
template <class T>
void layer_norm_gradient(const InstructionSet&, int64_t N, int64_t F, const T* x, const T* moments, const T* gamma,
                         const T* d_y, T* d_x, T* d_gamma, T* d_beta);

// mean and variance [F] of the rows with mask [N] != 0, or of all where it is null.
template <class T>
void batch_moments(const InstructionSet&, int64_t N, int64_t F, const T* x, const uint8_t* mask, T* mean, T* variance);

// What a column is multiplied by: inverse = 1 / sqrt(variance + epsilon), factor = gamma * inverse.
template <class T>
struct Scaling {
  Array<T> inverse, factor;

  Scaling(int64_t F, double epsilon, const T* variance, const T* gamma);
};

template <class T>
void batch_norm(const InstructionSet&, int64_t N, int64_t F, const T* x, const T* mean, const T* factor, const T* beta,
                T* y);

template <class T>
struct BatchNormBackward {
  int64_t rows, features;
  bool of_batch;  // whether the moments are those of x, and not constants
  const T *x, *mean, *inverse, *factor;
  const uint8_t* mask;  // as batch_moments had it
  const T* d_y;
  T *d_x, *d_gamma, *d_beta;  // d_x may be null
};

template <class T>
void batch_norm_gradient(const InstructionSet&, const BatchNormBackward<T>&);

}  // namespace tidegate
