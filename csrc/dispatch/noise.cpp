#include "dispatch/noise.hpp"

#include <cmath>

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

constexpr double kLeastSelu = -1.7580993408473766;  // its scale times its alpha

double alpha_scale(double rate) { return 1 / std::sqrt((1 - rate) * (1 + rate * kLeastSelu * kLeastSelu)); }

// Calls f(first, count) for every thread's share of n elements.
template <class F>
void for_each_part(int64_t n, F f) {
  run_team(threads_for(kFlopsOfAlphaDropout * n),
           [&](const Member& member) { f(member.begin(n), member.end(n) - member.begin(n)); });
}

}  // namespace

template <class T>
void normals(const DropoutKey& key, double mean, double stddev, int64_t B, int64_t n, const int64_t* rows, T* y) {
  run_team(threads_for(kFlopsOfNormal * B * n), [&](const Member& member) {
    for (int64_t b = member.begin(B); b < member.end(B); ++b)
      table<T>(current()).normals(key, static_cast<uint64_t>(rows ? rows[b] : b), mean, stddev, n, y + b * n);
  });
}

template <class T>
void apply_alpha_dropout(const T* x, const uint8_t* mask, double rate, int64_t n, T* y) {
  const double scale = alpha_scale(rate), shift = -scale * kLeastSelu * rate;
  for_each_part(n, [&](int64_t at, int64_t count) {
    table<T>(current()).replace_dropped(x + at, mask + at, scale, shift, scale * kLeastSelu + shift, count, y + at);
  });
}

template <class T>
void alpha_dropout_gradient(const T* d_y, const uint8_t* mask, double rate, int64_t n, T* d_x) {
  for_each_part(n, [&](int64_t at, int64_t count) {
    table<T>(current()).scale_kept(d_y + at, mask + at, alpha_scale(rate), count, d_x + at);
  });
}

#define TIDEGATE_INSTANTIATE(T)                                                                   \
  template void normals(const DropoutKey&, double, double, int64_t, int64_t, const int64_t*, T*); \
  template void apply_alpha_dropout(const T*, const uint8_t*, double, int64_t, T*);               \
  template void alpha_dropout_gradient(const T*, const uint8_t*, double, int64_t, T*);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
