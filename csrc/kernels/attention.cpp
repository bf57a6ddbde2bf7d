// Scores of additive attention (Bahdanau et al., "Neural machine translation by jointly learning to align and
// translate", ICLR 2015), forward and backward:
//
//   score[j] = sum over v of weights[v] tanh(factor (query[v] + key[j][v]))
#include "kernels/table.hpp"
#include "simd/math.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// Lanes beyond the features hold zeros, and tanh(0) adds nothing.
template <class T>
void scores_of_query(const TanhScores<T>& a, T* scores) {
  for (int64_t j = 0; j < a.keys; ++j) {
    const T* key = a.key + j * a.features;
    Vec<T> sums = broadcast(T(0));
    for (int64_t v = 0; v < a.features; v += kLanes<T>) {
      const int64_t rest = a.features - v;
      const Vec<T> t = tanh<T>((load_first(a.query + v, rest) + load_first(key + v, rest)) * broadcast(a.factor));
      sums = a.weights ? fma(t, load_first(a.weights + v, rest), sums) : sums + t;
    }
    scores[j] = 0;
    for (int lane = 0; lane < kLanes<T>; ++lane) scores[j] += sums[lane];
  }
}

template <class T>
void gradient_of_query(const TanhScores<T>& a, const T* d_scores, T* d_query, T* d_key, T* d_weights, T* d_factor) {
  for (int64_t v = 0; v < a.features; v += kLanes<T>) {
    const int64_t rest = a.features - v;
    const Vec<T> query = load_first(a.query + v, rest);
    const Vec<T> weights = a.weights ? load_first(a.weights + v, rest) : broadcast(T(1));
    Vec<T> of_query = broadcast(T(0)), of_weights = load_first(d_weights + v, rest);
    Vec<T> of_factor = load_first(d_factor + v, rest);
    for (int64_t j = 0; j < a.keys; ++j) {
      const int64_t at = j * a.features + v;
      const Vec<T> x = query + load_first(a.key + at, rest), t = tanh<T>(x * broadcast(a.factor));
      const Vec<T> d_score = broadcast(d_scores[j]), d_tanh_x = d_score * weights * d_tanh<T>(t);
      const Vec<T> d_x = d_tanh_x * broadcast(a.factor);
      of_weights = fma(d_score, t, of_weights);
      of_factor = fma(d_tanh_x, x, of_factor);
      of_query += d_x;
      store_first(d_key + at, load_first(d_key + at, rest) + d_x, rest);
    }
    store_first(d_query + v, of_query, rest);
    store_first(d_weights + v, of_weights, rest);
    store_first(d_factor + v, of_factor, rest);
  }
}

}  // namespace

#define TIDEGATE_DEFINE(T)                                                                                 \
  void tanh_scores(const TanhScores<T>& a, T* scores) { scores_of_query(a, scores); }                      \
  void tanh_scores_gradient(const TanhScores<T>& a, const T* d_scores, T* d_query, T* d_key, T* d_weights, \
                            T* d_factor) {                                                                 \
    gradient_of_query(a, d_scores, d_query, d_key, d_weights, d_factor);                                   \
  }

TIDEGATE_DEFINE(float)
TIDEGATE_DEFINE(double)

}  // namespace tidegate::TIDEGATE_ISA
