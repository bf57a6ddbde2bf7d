// The parts of attention: products of every row of a batch, scores through tanh, and weights that sum to one.
//
//   B batch, Q queries, K keys, F features. Scores and weights are [B, Q, K].
#pragma once

#include "dispatch/dispatch.hpp"

namespace tidegate {

// y[b] = a[b] . b[b], [M, D] . [D, N] -> [M, N]; a factor may lie transposed in memory.
template <class T>
struct BatchedProduct {
  int64_t batch, rows, depth, width;  // B, M, D, N
  const T *a, *b;
  bool a_transposed, b_transposed;
  T* y;

  double flops() const { return 2.0 * batch * rows * depth * width; }
};

template <class T>
void batched_product(const InstructionSet&, const BatchedProduct<T>&);

// score = sum over F of weights tanh(factor (query + key))
template <class T>
struct AdditiveScores {
  int64_t batch, queries, keys, features;
  const T *query, *key;  // [B, Q, F], [B, K, F]
  const T* weights;      // [F]; null: ones
  double factor;

  double flops() const { return 30.0 * batch * queries * keys * features; }
};

template <class T>
void tanh_scores(const InstructionSet&, const AdditiveScores<T>&, T* scores);

template <class T>
struct AdditiveGradients {
  T *query, *key;  // [B, Q, F], [B, K, F]
  T* weights;      // [F]
  T* factor;
};

template <class T>
void tanh_scores_gradient(const InstructionSet&, const AdditiveScores<T>&, const T* d_scores,
                          const AdditiveGradients<T>&);

// weights = softmax over K of scale * scores, less 1e9 where a key does not count: where the mask says so, or with
// `causal` where it comes after the query. So if none counts, all do.
struct Attended {
  int64_t batch, queries, keys;
  double scale;
  const uint8_t* mask;  // [B, K]; null: all keys count
  bool causal;

  double flops() const { return 20.0 * batch * queries * keys; }
};

template <class T>
void attention_weights(const InstructionSet&, const Attended&, const T* scores, T* weights);

// The gradients of the scores and of the scale.
template <class T>
void attention_weights_gradient(const InstructionSet&, const Attended&, const T* scores, const T* weights,
                                const T* d_weights, T* d_scores, T* d_scale);

}  // namespace tidegate
