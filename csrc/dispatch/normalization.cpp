#include "dispatch/normalization.hpp"

#include <cmath>

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

constexpr double kFlopsOfNormalized = 10;

}  // namespace

int normalization_threads(int64_t N, int64_t F) { return threads_for(kFlopsOfNormalized * N * F); }

template <class T>
void layer_norm(const InstructionSet& set, int64_t N, int64_t F, double epsilon, const T* x, const T* gamma,
                const T* beta, T* y, T* moments) {
  run_team(normalization_threads(N, F), [&](const Member& member) {
    for (int64_t r = member.begin(N); r < member.end(N); ++r)
      table<T>(set).layer_norm(x + r * F, gamma, beta, F, epsilon, y + r * F, moments + 2 * r);
  });
}

template <class T>
void layer_norm_gradient(const InstructionSet& set, int64_t N, int64_t F, const T* x, const T* moments, const T* gamma,
                         const T* d_y, T* d_x, T* d_gamma, T* d_beta) {
  run_team(normalization_threads(N, F), [&](const Member& member) {
    if (d_x)
      for (int64_t r = member.begin(N); r < member.end(N); ++r)
        table<T>(set).layer_norm_gradient(x + r * F, moments + 2 * r, gamma, d_y + r * F, F, d_x + r * F);
    for_columns(member, F, [&](int64_t at, int64_t count) {
      table<T>(set).layer_norm_weight_gradients(x + at, moments, d_y + at, N, F, count, d_gamma + at, d_beta + at);
    });
  });
}

template <class T>
void batch_moments(const InstructionSet& set, int64_t N, int64_t F, const T* x, const uint8_t* mask, T* mean,
                   T* variance) {
  run_team(normalization_threads(N, F), [&](const Member& member) {
    for_columns(member, F, [&](int64_t at, int64_t count) {
      table<T>(set).batch_moments(x + at, mask, N, F, count, mean + at, variance + at);
    });
  });
}

template <class T>
Scaling<T>::Scaling(int64_t F, double epsilon, const T* variance, const T* gamma) : inverse(F), factor(F) {
  for (int64_t v = 0; v < F; ++v) {
    inverse[v] = 1 / std::sqrt(variance[v] + static_cast<T>(epsilon));
    factor[v] = gamma ? gamma[v] * inverse[v] : inverse[v];
  }
}

template <class T>
void batch_norm(const InstructionSet& set, int64_t N, int64_t F, const T* x, const T* mean, const T* factor,
                const T* beta, T* y) {
  run_team(normalization_threads(N, F), [&](const Member& member) {
    for (int64_t r = member.begin(N); r < member.end(N); ++r)
      table<T>(set).batch_norm(x + r * F, mean, factor, beta, F, y + r * F);
  });
}

template <class T>
void batch_norm_gradient(const InstructionSet& set, const BatchNormBackward<T>& call) {
  const int64_t N = call.rows, F = call.features;
  int64_t count = 0;
  if (call.of_batch)
    for (int64_t r = 0; r < N; ++r) count += !call.mask || call.mask[r];
  run_team(normalization_threads(N, F), [&](const Member& member) {
    for_columns(member, F, [&](int64_t at, int64_t columns) {
      table<T>(set).batch_norm_sums(call.x + at, call.mask, call.mean + at, call.inverse + at, call.d_y + at, N, F,
                                    columns, call.d_gamma + at, call.d_beta + at);
    });
    member.meet();
    if (!call.d_x) return;
    for (int64_t r = member.begin(N); r < member.end(N); ++r)
      table<T>(set).batch_norm_gradient(call.x + r * F, call.mean, call.inverse, call.factor, call.d_y + r * F,
                                        call.d_gamma, call.d_beta, call.mask && !call.mask[r] ? 0 : count, F,
                                        call.d_x + r * F);
  });
}

#define TIDEGATE_INSTANTIATE(T)                                                                                      \
  template void layer_norm(const InstructionSet&, int64_t, int64_t, double, const T*, const T*, const T*, T*, T*);   \
  template void layer_norm_gradient(const InstructionSet&, int64_t, int64_t, const T*, const T*, const T*, const T*, \
                                    T*, T*, T*);                                                                     \
  template void batch_moments(const InstructionSet&, int64_t, int64_t, const T*, const uint8_t*, T*, T*);            \
  template struct Scaling<T>;                                                                                        \
  template void batch_norm(const InstructionSet&, int64_t, int64_t, const T*, const T*, const T*, const T*, T*);     \
  template void batch_norm_gradient(const InstructionSet&, const BatchNormBackward<T>&);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
