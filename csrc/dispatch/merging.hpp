// What layers that merge several arrays into one are made of, beside the merges of a Bidirectional.
#pragma once

#include "dispatch/dispatch.hpp"

namespace tidegate {

enum class Pairwise { subtract, maximum, minimum };  // of a NaN and a number the maximum and the minimum are NaN

// y[i] = a[i] and b[i] together, [n]
template <class T>
void pairwise(Pairwise how, const T* a, const T* b, int64_t n, T* y);

// The gradients of a maximum (a minimum if `least`): all to the larger, half to each of two equal ones. [n]
template <class T>
void extreme_gradient(bool least, const T* a, const T* b, const T* d_y, int64_t n, T* d_a, T* d_b);

// y = x / divisor, [n]
template <class T>
void divide(const T* x, double divisor, int64_t n, T* y);

// x [outer, count, inner] -> y [outer, inner], summed in order.
template <class T>
void sum_middle(const T* x, int64_t outer, int64_t count, int64_t inner, T* y);

// Rows of x [rows, n] over their Euclidean lengths, which count as 1e-7 where they are less. inverse [rows] has the
// factors, for the gradient.
template <class T>
void unit_rows(const T* x, int64_t rows, int64_t n, T* y, T* inverse);
template <class T>
void unit_rows_gradient(const T* y, const T* inverse, const T* d_y, int64_t rows, int64_t n, T* d_x);

}  // namespace tidegate
