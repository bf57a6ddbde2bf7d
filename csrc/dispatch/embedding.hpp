// Rows of a table by their numbers, and the gradient of the table. Ids come as elements of T, as all of a model's
// arrays.
#pragma once

#include "dispatch/dispatch.hpp"

namespace tidegate {

// The place of the first of ids [n] that is no whole number from 0 to rows - 1; n where all are.
template <class T>
int64_t first_wrong_id(const T* ids, int64_t n, int64_t rows);

// Threads that n rows of D elements are worth.
int gather_threads(int64_t n, int64_t D);

// table [rows, D], ids [n] -> y [n, D]. The ids must be right, here and below.
template <class T>
void gather(const T* table, int64_t D, const T* ids, int64_t n, T* y);

// d_table [rows, D]: of each row, the sum of the d_y [n, D] of its entries among ids [n], in their order.
template <class T>
void gather_gradient(const InstructionSet&, const T* ids, int64_t n, const T* d_y, int64_t rows, int64_t D, T* d_table);

}  // namespace tidegate
