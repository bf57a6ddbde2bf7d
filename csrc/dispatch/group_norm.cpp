#include "dispatch/group_norm.hpp"

#include <cmath>

#include "dispatch/normalization.hpp"
#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// Calls f(place in x, place in a copy that has the group's elements side by side, channel) for those of group g in row
// b of the batch.
template <class F>
void for_each_of_group(const Groups& a, int64_t b, int64_t g, F f) {
  for (int64_t s = 0; s < a.steps; ++s)
    for (int64_t c = 0; c < a.channels; ++c)
      f(((b * a.steps + s) * a.groups + g) * a.channels + c, s * a.channels + c, g * a.channels + c);
}

}  // namespace

int Groups::threads() const { return normalization_threads(batch * groups, steps * channels); }

template <class T>
void group_norm(const InstructionSet& set, const Groups& a, const T* x, const T* gamma, const T* beta, T* y,
                T* moments) {
  const int64_t n = a.steps * a.channels, parts = a.batch * a.groups;
  const Array<T> copies(n ? a.threads() * n : 0);
  run_team(a.threads(), [&](const Member& member) {
    T* copy = copies.data() + member.index * n;
    for (int64_t part = member.begin(parts); n && part < member.end(parts); ++part) {
      const int64_t b = part / a.groups, g = part % a.groups;
      for_each_of_group(a, b, g, [=](int64_t from, int64_t to, int64_t) { copy[to] = x[from]; });
      table<T>(set).layer_norm(copy, nullptr, nullptr, n, a.epsilon, copy, moments + 2 * part);
      for_each_of_group(a, b, g, [=](int64_t to, int64_t from, int64_t channel) {
        const T scaled = gamma ? copy[from] * gamma[channel] : copy[from];
        y[to] = beta ? scaled + beta[channel] : scaled;
      });
    }
  });
}

template <class T>
void group_norm_gradient(const InstructionSet& set, const Groups& a, const T* x, const T* moments, const T* gamma,
                         const T* d_y, T* d_x, T* d_gamma, T* d_beta) {
  const int64_t n = a.steps * a.channels, parts = a.batch * a.groups;
  const Array<T> copies(2 * a.threads() * n);
  run_team(a.threads(), [&](const Member& member) {
    T *copy = copies.data() + 2 * member.index * n, *d_copy = copy + n;
    for (int64_t part = member.begin(parts); d_x && part < member.end(parts); ++part) {
      const int64_t b = part / a.groups, g = part % a.groups;
      for_each_of_group(a, b, g, [=](int64_t from, int64_t to, int64_t channel) {
        copy[to] = x[from];
        d_copy[to] = gamma ? d_y[from] * gamma[channel] : d_y[from];
      });
      table<T>(set).layer_norm_gradient(copy, moments + 2 * part, nullptr, d_copy, n, d_copy);
      for_each_of_group(a, b, g, [=](int64_t to, int64_t from, int64_t) { d_x[to] = d_copy[from]; });
    }
    for_columns(member, a.features(), [&](int64_t first, int64_t count) {
      for (int64_t channel = first; channel < first + count; ++channel) {
        double of_gamma = 0, of_beta = 0;
        for (int64_t row = 0; row < a.batch * a.steps; ++row) {
          const T* at = moments + 2 * (row / a.steps * a.groups + channel / a.channels);
          const T d = d_y[row * a.features() + channel];
          of_gamma += d * ((x[row * a.features() + channel] - at[0]) * at[1]);
          of_beta += d;
        }
        d_gamma[channel] = static_cast<T>(of_gamma);
        d_beta[channel] = static_cast<T>(of_beta);
      }
    });
  });
}

template <class T>
void rms_norm(const InstructionSet& set, int64_t N, int64_t F, double epsilon, const T* x, const T* scale, T* y,
              T* inverse) {
  run_team(normalization_threads(N, F), [&](const Member& member) {
    for (int64_t r = member.begin(N); r < member.end(N); ++r) {
      const double mean = table<T>(set).sum_of_squares(x + r * F, F) / static_cast<double>(F);
      inverse[r] = static_cast<T>(1 / std::sqrt(mean + epsilon));
      for (int64_t v = 0; v < F; ++v) y[r * F + v] = x[r * F + v] * inverse[r] * scale[v];
    }
  });
}

// With g = scale d_y: d_x = inverse (g - x inverse^2 mean(g x)).
template <class T>
void rms_norm_gradient(int64_t N, int64_t F, const T* x, const T* inverse, const T* scale, const T* d_y, T* d_x,
                       T* d_scale) {
  run_team(normalization_threads(N, F), [&](const Member& member) {
    for (int64_t r = member.begin(N); d_x && r < member.end(N); ++r) {
      const T *from = x + r * F, *d = d_y + r * F;
      double along = 0;
      for (int64_t v = 0; v < F; ++v) along += double(d[v]) * scale[v] * from[v];
      const T factor = inverse[r] * inverse[r] * static_cast<T>(along / static_cast<double>(F));
      for (int64_t v = 0; v < F; ++v) d_x[r * F + v] = inverse[r] * (d[v] * scale[v] - from[v] * factor);
    }
    for_columns(member, F, [&](int64_t first, int64_t count) {
      for (int64_t v = first; v < first + count; ++v) {
        double sum = 0;
        for (int64_t r = 0; r < N; ++r) sum += d_y[r * F + v] * (x[r * F + v] * inverse[r]);
        d_scale[v] = static_cast<T>(sum);
      }
    });
  });
}

#define TIDEGATE_INSTANTIATE(T)                                                                                       \
  template void group_norm(const InstructionSet&, const Groups&, const T*, const T*, const T*, T*, T*);               \
  template void group_norm_gradient(const InstructionSet&, const Groups&, const T*, const T*, const T*, const T*, T*, \
                                    T*, T*);                                                                          \
  template void rms_norm(const InstructionSet&, int64_t, int64_t, double, const T*, const T*, T*, T*);                \
  template void rms_norm_gradient(int64_t, int64_t, const T*, const T*, const T*, const T*, T*, T*);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
