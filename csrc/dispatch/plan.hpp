// How work is shared among threads: the few measured constants that decide it (csrc/README.md has the measurements).
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/args.hpp"
#include "runtime/parallel.hpp"

namespace tidegate {

// Arithmetic worth another thread: when it must be woken first, and when it is awake. See team_pays().
constexpr double kFlopsOfThread = 8e6, kFlopsOfAwakeThread = 3e5;
// What a thread does in a second, to guess how long a call takes.
constexpr double kFlopsOfSecond = 80e9;

// With so few rows a member reads a recurrent layer's weights more often than it computes with them.
constexpr int64_t kFewRows = 3;
// A step's recurrent weights above which halving them between two threads outweighs their meeting after every step.
constexpr int64_t kBytesWorthMeeting = 16 << 10;

inline Meeting meeting_of(const Member& member) {
  return {[](void* m) { static_cast<const Member*>(m)->meet(); }, const_cast<Member*>(&member)};
}

// For work that can be cut into `parts`.
inline int threads_for(double flops, int64_t parts = INT64_MAX) {
  const auto most = static_cast<double>(std::clamp<int64_t>(parts, 1, num_threads()));
  const int threads = static_cast<int>(std::clamp(flops / kFlopsOfThread, 1.0, most));
  const int awake = static_cast<int>(std::clamp(flops / kFlopsOfAwakeThread, 1.0, most));
  if (awake == threads) return threads;
  const double seconds_saved = flops / kFlopsOfSecond * (1.0 / threads - 1.0 / awake);
  return team_pays(seconds_saved) ? awake : threads;
}

// A member's share of `panels` panels of `depth` rows each, as even as possible: f(panel, first row, end of rows).
template <class F>
void for_each_share(const Member& member, int64_t panels, int64_t depth, F f) {
  const int64_t end = member.end(panels * depth);
  for (int64_t at = member.begin(panels * depth); at < end;) {
    const int64_t panel = at / depth, first = at % depth, last = std::min(depth, first + end - at);
    f(panel, first, last);
    at += last - first;
  }
}

// A member's share of the columns, in whole cache lines: f(first, count).
template <class F>
void for_columns(const Member& member, int64_t columns, F f) {
  constexpr int64_t kLine = 16;
  const int64_t lines = (columns + kLine - 1) / kLine;
  const int64_t first = member.begin(lines) * kLine, end = std::min(member.end(lines) * kLine, columns);
  if (first < end) f(first, end - first);
}

// Bytes of the L2 cache of one core, 1 MiB where the system does not say.
int64_t l2_bytes();

}  // namespace tidegate
