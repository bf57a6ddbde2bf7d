// Noise in training: normal numbers by counting, and alpha dropout.
#pragma once

#include "dispatch/dispatch.hpp"

namespace tidegate {

constexpr double kFlopsOfNormal = 100, kFlopsOfAlphaDropout = 4;  // an element's cost

// y [B, n]: normal numbers. rows [B] has the number of each row; null: they are 0, 1, ...
template <class T>
void normals(const DropoutKey& key, double mean, double stddev, int64_t B, int64_t n, const int64_t* rows, T* y);

// Alpha dropout (Klambauer et al., "Self-normalizing neural networks", NIPS 2017): dropped elements become the least
// value of selu, and all are then scaled and shifted so that a mean of 0 and a variance of 1 stay. x, y [n].
template <class T>
void apply_alpha_dropout(const T* x, const uint8_t* mask, double rate, int64_t n, T* y);
template <class T>
void alpha_dropout_gradient(const T* d_y, const uint8_t* mask, double rate, int64_t n, T* d_x);

}  // namespace tidegate
