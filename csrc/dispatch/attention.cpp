#include "dispatch/attention.hpp"

#include "dispatch/multiply.hpp"
#include "dispatch/packing.hpp"
#include "dispatch/plan.hpp"

namespace tidegate {

template <class T>
void batched_product(const InstructionSet& set, const BatchedProduct<T>& call) {
  const KernelTable<T>& kernels = table<T>(set);
  const int64_t M = call.rows, D = call.depth, N = call.width;
  const int threads = threads_for(call.flops(), call.batch * M);
  const int64_t columns_size = D * whole_vectors(N, kernels.lanes), rows_size = call.a_transposed ? M * D : 0;
  const Array<T> columns(threads * columns_size), rows(threads * rows_size);

  run_team(threads, [&](const Member& member) {
    T *packed = columns.data() + member.index * columns_size, *turned = rows.data() + member.index * rows_size;
    for_each_share(member, call.batch, M, [&](int64_t b, int64_t first, int64_t last) {
      const T* a = call.a + b * M * D;
      kernels.pack_columns(call.b + b * D * N, D, N, call.b_transposed ? 1 : N, call.b_transposed ? D : 1, packed);
      if (call.a_transposed)
        for (int64_t i = first; i < last; ++i)
          for (int64_t k = 0; k < D; ++k) turned[i * D + k] = a[k * M + i];
      multiply(kernels, first, last, call.a_transposed ? turned : a, D, packed, static_cast<const T*>(nullptr),
               call.y + b * M * N, N);
    });
  });
}

namespace {

// Query i of row b of the batch, and the keys of that row.
template <class T>
TanhScores<T> of_query(const AdditiveScores<T>& a, int64_t b, int64_t i) {
  return {a.keys,
          a.features,
          a.query + (b * a.queries + i) * a.features,
          a.key + b * a.keys * a.features,
          a.weights,
          static_cast<T>(a.factor)};
}

}  // namespace

template <class T>
void tanh_scores(const InstructionSet& set, const AdditiveScores<T>& a, T* scores) {
  const int64_t rows = a.batch * a.queries;
  run_team(threads_for(a.flops(), rows), [&](const Member& member) {
    for (int64_t r = member.begin(rows); r < member.end(rows); ++r)
      table<T>(set).tanh_scores(of_query(a, r / a.queries, r % a.queries), scores + r * a.keys);
  });
}

// A row of the batch is one member's, and the sums over rows are made in their order.
template <class T>
void tanh_scores_gradient(const InstructionSet& set, const AdditiveScores<T>& a, const T* d_scores,
                          const AdditiveGradients<T>& d) {
  const KernelTable<T>& kernels = table<T>(set);
  const int64_t B = a.batch, Q = a.queries, K = a.keys, F = a.features;
  const Array<T> d_weights(B * F), d_factor(B * F);

  run_team(threads_for(2 * a.flops(), B), [&](const Member& member) {
    for (int64_t b = member.begin(B); b < member.end(B); ++b) {
      T* d_key = d.key + b * K * F;
      std::fill_n(d_key, K * F, T(0));
      std::fill_n(d_weights.data() + b * F, F, T(0));
      std::fill_n(d_factor.data() + b * F, F, T(0));
      for (int64_t i = 0; i < Q; ++i)
        kernels.tanh_scores_gradient(of_query(a, b, i), d_scores + (b * Q + i) * K, d.query + (b * Q + i) * F, d_key,
                                     d_weights.data() + b * F, d_factor.data() + b * F);
    }
    member.meet();
    if (member.index != 0) return;
    std::fill_n(d.weights, F, T(0));
    kernels.sum_rows(d_weights.data(), B, F, F, d.weights);
    *d.factor = 0;
    kernels.sum_rows(d_factor.data(), B * F, 1, 1, d.factor);
  });
}

template <class T>
void attention_weights(const InstructionSet& set, const Attended& a, const T* scores, T* weights) {
  const int64_t rows = a.batch * a.queries, K = a.keys;
  run_team(threads_for(a.flops(), rows), [&](const Member& member) {
    for (int64_t r = member.begin(rows); r < member.end(rows); ++r) {
      const uint8_t* mask = a.mask ? a.mask + r / a.queries * K : nullptr;
      const int64_t end = a.causal ? std::min(K, r % a.queries + 1) : K;
      T* row = weights + r * K;
      for (int64_t j = 0; j < K; ++j) {
        const T scaled = static_cast<T>(a.scale) * scores[r * K + j];
        row[j] = j < end && (!mask || mask[j]) ? scaled : scaled - T(1e9);
      }
      table<T>(set).activate(Activation::softmax, row, row, K);
    }
  });
}

template <class T>
void attention_weights_gradient(const InstructionSet& set, const Attended& a, const T* scores, const T* weights,
                                const T* d_weights, T* d_scores, T* d_scale) {
  const int64_t rows = a.batch * a.queries, K = a.keys;
  const T scale = static_cast<T>(a.scale);
  const Array<T> of_rows(rows);  // what each adds to the gradient of the scale

  run_team(threads_for(a.flops(), rows), [&](const Member& member) {
    for (int64_t r = member.begin(rows); r < member.end(rows); ++r) {
      const T* score = scores + r * K;
      T* d_score = d_scores + r * K;
      table<T>(set).activate_gradient(Activation::softmax, score, weights + r * K, d_weights + r * K, d_score, K);
      of_rows[r] = 0;
      for (int64_t j = 0; j < K; ++j) {
        of_rows[r] += d_score[j] * score[j];
        d_score[j] *= scale;
      }
    }
    member.meet();
    if (member.index != 0) return;
    *d_scale = 0;
    table<T>(set).sum_rows(of_rows.data(), rows, 1, 1, d_scale);
  });
}

#define TIDEGATE_INSTANTIATE(T)                                                                                      \
  template void batched_product(const InstructionSet&, const BatchedProduct<T>&);                                    \
  template void tanh_scores(const InstructionSet&, const AdditiveScores<T>&, T*);                                    \
  template void tanh_scores_gradient(const InstructionSet&, const AdditiveScores<T>&, const T*,                      \
                                     const AdditiveGradients<T>&);                                                   \
  template void attention_weights(const InstructionSet&, const Attended&, const T*, T*);                             \
  template void attention_weights_gradient(const InstructionSet&, const Attended&, const T*, const T*, const T*, T*, \
                                           T*);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
