#include "dispatch/dropout.hpp"

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

constexpr double kFlopsOfRandomNumber = 30, kFlopsOfScaling = 4;

}

void dropout_mask(const DropoutKey& key, double rate, int64_t B, int64_t n, const int64_t* rows, uint8_t* mask) {
  const auto make = current().f32.dropout_mask;
  run_team(threads_for(kFlopsOfRandomNumber * B * n), [&](const Member& member) {
    for (int64_t b = member.begin(B); b < member.end(B); ++b)
      make(key, static_cast<uint64_t>(rows ? rows[b] : b), rate, n, mask + b * n);
  });
}

template <class T>
void apply_dropout(const T* x, const uint8_t* mask, double rate, int64_t n, T* y) {
  const double scale = rate < 1 ? 1 / (1 - rate) : 0;
  run_team(threads_for(kFlopsOfScaling * n), [&](const Member& member) {
    const int64_t begin = member.begin(n);
    table<T>(current()).scale_kept(x + begin, mask + begin, scale, member.end(n) - begin, y + begin);
  });
}

template void apply_dropout(const float*, const uint8_t*, double, int64_t, float*);
template void apply_dropout(const double*, const uint8_t*, double, int64_t, double*);

}  // namespace tidegate
