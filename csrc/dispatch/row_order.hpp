// Which rows of a masked batch run together, and over which timesteps: rows of about the same number of real steps
// share tiles until their end, and every member of a team has about as many real steps to do.
#pragma once

#include <algorithm>
#include <numeric>

#include "kernels/args.hpp"
#include "runtime/memory.hpp"
#include "runtime/parallel.hpp"

namespace tidegate {

class RowOrder {
 public:
  RowOrder(const Mask& mask, int64_t batch, int64_t timesteps) : mask_(mask), batch_(batch), timesteps_(timesteps) {
    if (!mask.steps) return;
    Array<int64_t> real(batch);
    for (int64_t b = 0; b < batch; ++b) {
      real[b] = 0;
      for (int64_t t = 0; t < timesteps; ++t) real[b] += mask.real(t, b);
    }
    rows_ = Array<int32_t>(batch);
    std::iota(rows_.data(), rows_.data() + batch, 0);
    std::sort(rows_.data(), rows_.data() + batch,
              [&](int32_t a, int32_t b) { return real[a] != real[b] ? real[a] > real[b] : a < b; });
    sums_ = Array<int64_t>(batch + 1);
    sums_[0] = 0;
    for (int64_t i = 0; i < batch; ++i) sums_[i + 1] = sums_[i] + real[rows_[i]];
  }

  // The rows in their order; null if that is 0, 1, ...
  const int32_t* rows() const { return rows_.data(); }
  int64_t row(int64_t i) const { return rows() ? rows()[i] : i; }

  int64_t real_steps() const { return rows() ? sums_[batch_] : batch_ * timesteps_; }

  // Where the share of a member begins; the next member's begin is its end. The first members have the more: a single
  // row is the caller's, who has its memory in the cache.
  int64_t begin(int64_t member, int64_t members) const {
    if (!rows() || member == members) return (batch_ * member + members - 1) / members;
    const int64_t before = real_steps() * member / members;
    return std::lower_bound(sums_.data(), sums_.data() + batch_, before) - sums_.data();
  }

  // The timesteps [first, end) outside which the rows at [begin, end_of_rows) have no real step.
  struct Span {
    int64_t first, end;
  };
  Span span(int64_t begin, int64_t end_of_rows) const {
    if (!rows()) return {0, timesteps_};
    Span span{timesteps_, 0};
    for (int64_t i = begin; i < end_of_rows; ++i) {
      int64_t first = 0, end = timesteps_;
      while (first < span.first && !mask_.real(first, rows_[i])) ++first;
      while (end > span.end && !mask_.real(end - 1, rows_[i])) --end;
      span = {std::min(span.first, first), std::max(span.end, end)};
    }
    return span.first < span.end ? span : Span{0, 0};
  }

 private:
  Mask mask_;
  int64_t batch_, timesteps_;
  Array<int32_t> rows_;
  Array<int64_t> sums_;  // real steps of the rows before each place
};

}  // namespace tidegate
