#include "dispatch/embedding.hpp"

#include <algorithm>

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

constexpr double kFlopsOfElement = 4;

template <class T>
int64_t row_of(T id) {
  return static_cast<int64_t>(id);
}

}  // namespace

template <class T>
int64_t first_wrong_id(const T* ids, int64_t n, int64_t rows) {
  const T end = static_cast<T>(rows);
  return std::find_if_not(ids, ids + n, [&](T id) { return id >= 0 && id < end && id == static_cast<T>(row_of(id)); }) -
         ids;
}

int gather_threads(int64_t n, int64_t D) { return threads_for(kFlopsOfElement * n * D); }

template <class T>
void gather(const T* table, int64_t D, const T* ids, int64_t n, T* y) {
  run_team(gather_threads(n, D), [&](const Member& member) {
    for (int64_t i = member.begin(n); i < member.end(n); ++i) std::copy_n(table + row_of(ids[i]) * D, D, y + i * D);
  });
}

template <class T>
void gather_gradient(const InstructionSet& set, const T* ids, int64_t n, const T* d_y, int64_t rows, int64_t D,
                     T* d_table) {
  run_team(gather_threads(n + rows, D), [&](const Member& member) {
    for_columns(member, D, [&](int64_t at, int64_t count) {
      for (int64_t row = 0; row < rows; ++row) std::fill_n(d_table + row * D + at, count, T(0));
      for (int64_t i = 0; i < n; ++i)
        tidegate::table<T>(set).sum_rows(d_y + i * D + at, 1, D, count, d_table + row_of(ids[i]) * D + at);
    });
  });
}

#define TIDEGATE_INSTANTIATE(T)                                   \
  template int64_t first_wrong_id(const T*, int64_t, int64_t);    \
  template void gather(const T*, int64_t, const T*, int64_t, T*); \
  template void gather_gradient(const InstructionSet&, const T*, int64_t, const T*, int64_t, int64_t, T*);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
