// The vector type of an element type, and moving vectors to and from memory.
//
// Arithmetic is the compiler's own operators on vectors (+ - * / and comparisons); a multiply-add is always written
// fma(a, b, c), because contraction left to the compiler may differ from one tile to the next and change bits.
#pragma once

#include "simd/isa.hpp"

namespace tidegate::TIDEGATE_ISA {

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef vf32 type;
  typedef vi32 bits;
};
template <>
struct VectorOf<double> {
  typedef vf64 type;
  typedef vi64 bits;
};

template <class T>
using Vec = typename VectorOf<T>::type;
template <class T>
using Bits = typename VectorOf<T>::bits;

template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));

template <class T>
TIDEGATE_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
TIDEGATE_INLINE void store(T* p, Vec<T> v) {
  memcpy(p, &v, sizeof v);
}

// The first n lanes from memory, the others zero; nothing beyond p[n - 1] is read. 0 <= n <= kLanes.
template <class T>
TIDEGATE_INLINE Vec<T> load_first(const T* p, int64_t n) {
  if (n >= kLanes<T>) return load(p);
  T lanes[kLanes<T>] = {};
  for (int64_t i = 0; i < n; ++i) lanes[i] = p[i];
  return load(lanes);
}

template <class T>
TIDEGATE_INLINE void store_first(T* p, Vec<T> v, int64_t n) {
  if (n >= kLanes<T>) return store(p, v);
  T lanes[kLanes<T>];
  store(lanes, v);
  for (int64_t i = 0; i < n; ++i) p[i] = lanes[i];
}

}  // namespace tidegate::TIDEGATE_ISA
