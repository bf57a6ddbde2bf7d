// What every recurrent cell's kernels share: addressing, stores of states and outputs, rows of gates.
#pragma once

#include "kernels/activation.hpp"
#include "kernels/tile.hpp"

namespace tidegate::TIDEGATE_ISA {

template <class T>
static int64_t panels_of(int64_t units) {
  return (units + kLanes<T> - 1) / kLanes<T>;
}

template <class T>
static int64_t padded(int64_t units) {
  return panels_of<T>(units) * kLanes<T>;
}

template <class T>
TIDEGATE_INLINE void store_sums(T* p, const Vec<T> (&sums)[kSums]) {
  TIDEGATE_UNROLL
  for (int s = 0; s < kSums; ++s) store(p + s * kLanes<T>, sums[s]);
}

template <class T>
TIDEGATE_INLINE void load_sums(const T* p, Vec<T> (&sums)[kSums]) {
  TIDEGATE_UNROLL
  for (int s = 0; s < kSums; ++s) sums[s] = load(p + s * kLanes<T>);
}

// One vector of the new state, and of the output where the whole sequence is one.
template <class T>
TIDEGATE_INLINE void store_output(const ForwardArgs<T>& a, int64_t t, int64_t b, int64_t panel, Vec<T> h) {
  const int64_t unit = panel * kLanes<T>;
  store(a.h.at(t + 1, b) + unit, h);
  if (a.y.data) store_first(a.y.at(t, b) + unit, h, a.units - unit);
}

// The same for a whole row.
template <class T>
static void store_output_row(const ForwardArgs<T>& a, int64_t t, int64_t b, const T* h) {
  for (int64_t panel = 0; panel < panels_of<T>(a.units); ++panel)
    store_output(a, t, b, panel, load(h + panel * kLanes<T>));
}

// Sum s of all units of a row, between the panels it is stored in and one contiguous row [V].
template <class T>
static const T* gather(const Gates<T>& gates, int64_t t, int64_t b, int s, int64_t panels, T* row) {
  for (int64_t p = 0; p < panels; ++p) store(row + p * kLanes<T>, load(gates.at(t, p, b) + s * kLanes<T>));
  return row;
}

template <class T>
static void scatter(const T* row, const Gates<T>& gates, int64_t t, int64_t b, int s, int64_t panels) {
  if (!gates.data) return;
  for (int64_t p = 0; p < panels; ++p) store(gates.at(t, p, b) + s * kLanes<T>, load(row + p * kLanes<T>));
}

}  // namespace tidegate::TIDEGATE_ISA
