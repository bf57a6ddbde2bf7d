// The factors of a product: numbers of the sums' own type, or narrower ones, several of them in an element.
//
// An element of a row is spread over a vector; an element of a column lies in one of its lanes. add() multiplies the
// two and adds to the sums, number by number in the order of k, so that a sum is one chain whatever the tile.
#pragma once

#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {

template <class T>
struct Plain {
  using State = T;  // what sums end as, and states are kept in
  using Element = T;
  using Sum = Vec<T>;
  static constexpr int kNumbers = 1;      // in an element
  static constexpr bool kScaled = false;  // whether sums are of whole numbers that count for a scale
  static constexpr float kStateScale = 1;

  TIDEGATE_INLINE Vec<T> spread(T element) { return broadcast(element); }
  TIDEGATE_INLINE Vec<T> weights(const T* p) { return load(p); }
  TIDEGATE_INLINE Sum add(Vec<T> x, Vec<T> w, Sum sum) { return fma(x, w, sum); }
};

// Elements that hold so many numbers.
template <class Factors>
constexpr int64_t elements(int64_t numbers) {
  return (numbers + Factors::kNumbers - 1) / Factors::kNumbers;
}

}  // namespace tidegate::TIDEGATE_ISA
