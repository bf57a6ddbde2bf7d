// Group normalization (Wu and He, ECCV 2018) and normalization by the root mean square (Zhang and Sennrich, NeurIPS
// 2019), and their gradients.
#pragma once

#include "dispatch/dispatch.hpp"

namespace tidegate {

// x [B, S, G, C]: moments over S and C, weights of G C channels.
struct Groups {
  int64_t batch, steps, groups, channels;  // B, S, G, C
  double epsilon;

  int64_t features() const { return groups * channels; }
  int64_t elements() const { return batch * steps * features(); }
  int threads() const;
};

// y = gamma (x - mean) / sqrt(variance + epsilon) + beta; gamma and beta [G, C] or null. moments [B, G, 2] receives the
// mean and the inverse deviation.
template <class T>
void group_norm(const InstructionSet&, const Groups&, const T* x, const T* gamma, const T* beta, T* y, T* moments);

// d_x may be null.
template <class T>
void group_norm_gradient(const InstructionSet&, const Groups&, const T* x, const T* moments, const T* gamma,
                         const T* d_y, T* d_x, T* d_gamma, T* d_beta);

// y = scale x / sqrt(mean(x^2) + epsilon) for rows of x [N, F]; inverse [N] receives what the root divides by.
template <class T>
void rms_norm(const InstructionSet&, int64_t N, int64_t F, double epsilon, const T* x, const T* scale, T* y,
              T* inverse);

// d_x may be null.
template <class T>
void rms_norm_gradient(int64_t N, int64_t F, const T* x, const T* inverse, const T* scale, const T* d_y, T* d_x,
                       T* d_scale);

}  // namespace tidegate
