// Dropout in training: the mask of an array, and its use on values and gradients alike.
#pragma once

#include "dispatch/dispatch.hpp"

namespace tidegate {

// mask [B, n]: 1 with probability 1 - rate. rows [B] has the number of each row; null: they are 0, 1, ...
void dropout_mask(const DropoutKey& key, double rate, int64_t B, int64_t n, const int64_t* rows, uint8_t* mask);

// y = mask ? x / (1 - rate) : 0, [n]
template <class T>
void apply_dropout(const T* x, const uint8_t* mask, double rate, int64_t n, T* y);

}  // namespace tidegate
