// How work is shared among threads: the few measured constants that decide it (csrc/README.md has the measurements).
#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/parallel.hpp"

namespace tidegate {

// Threads worth waking for so much arithmetic: a thread's share should outweigh the microseconds it takes to wake it.
constexpr double kFlopsOfThread = 4e6;

inline int threads_for(double flops) {
  return static_cast<int>(std::clamp(flops / kFlopsOfThread, 1.0, static_cast<double>(num_threads())));
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
