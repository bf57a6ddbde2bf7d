// The functions that every instruction set provides, and the table that dispatch chooses from.
//
// Rows of pointers, strides in elements. None of them allocates, throws or knows of threads.
#pragma once

#include "kernels/activation.hpp"
#include "kernels/args.hpp"

namespace tidegate {

// What tells the dropout masks and the noise of one use of a layer in one training step from all others.
struct DropoutKey {
  uint64_t seed, node, iteration;
};

template <class T>
struct KernelTable {
  int lanes;
  int strip;  // vectors of weights side by side in memory: see packed layouts below
  int tile_rows;
  void (*forward[kCells])(const ForwardArgs<T>&);    // by Cell
  void (*backward[kCells])(const BackwardArgs<T>&);  // by Cell
  void (*product)(const ProductArgs<T>&);
  void (*outer)(const OuterArgs<T>&);

  // packed [P, strips, depth, <= strip, L] from [depth, gates * U]: gate first_gate + v of the units of each panel.
  // With a tail the last panel has that many vectors, see quarters_of_tail().
  void (*pack_gates)(const T* from, int64_t depth, int64_t units, int gates, int first_gate, int vectors, int tail,
                     T* packed);
  // The inverse for gradients, of some panels, which are [panels, depth, vectors, L].
  void (*unpack_gates)(const T* packed, int64_t depth, int64_t units, int gates, int first_gate, int vectors, int tail,
                       int64_t first_panel, int64_t end_panel, T* to);
  // The transpose of such gates as columns of a product: depth runs over [P, vectors, L], width over the rows of
  // `from`.
  void (*pack_gate_columns)(const T* from, int64_t width, int64_t units, int gates, int first_gate, int vectors,
                            int tail, T* columns);
  // columns [Q, depth, <= strip, L] of a matrix whose element (k, j) is from[k * depth_stride + j * width_stride].
  void (*pack_columns)(const T* from, int64_t depth, int64_t width, int64_t depth_stride, int64_t width_stride,
                       T* columns);

  void (*activate)(Activation, const T* x, T* y, int64_t n);
  void (*activate_gradient)(Activation, const T* x, const T* y, const T* d_y, T* d_x, int64_t n);
  void (*log)(const T* x, T* y, int64_t n);
  // to[v] += sum over rows of from[row][v], in the order of the rows.
  void (*sum_rows)(const T* from, int64_t rows, int64_t stride, int64_t width, T* to);

  // Windows of rows, each column by itself: to[v] = max over rows of from[row][v], NaN if one is.
  void (*max_rows)(const T* from, int64_t rows, int64_t stride, int64_t width, T* to);
  // Adds d_y to d_x where x is the maximum y: the first such row, or even shares to all of them.
  void (*max_rows_gradient)(const T* x, const T* y, const T* d_y, int64_t rows, int64_t stride, int64_t width,
                            bool shared, T* d_x);

  // Normalization, see normalization.cpp.
  void (*layer_norm)(const T* x, const T* gamma, const T* beta, int64_t n, double epsilon, T* y, T* moments);
  void (*layer_norm_gradient)(const T* x, const T* moments, const T* gamma, const T* d_y, int64_t n, T* d_x);
  void (*layer_norm_weight_gradients)(const T* x, const T* moments, const T* d_y, int64_t rows, int64_t stride,
                                      int64_t width, T* d_gamma, T* d_beta);
  void (*batch_moments)(const T* x, const uint8_t* mask, int64_t rows, int64_t stride, int64_t width, T* mean,
                        T* variance);
  void (*batch_norm)(const T* x, const T* mean, const T* factor, const T* beta, int64_t n, T* y);
  void (*batch_norm_sums)(const T* x, const uint8_t* mask, const T* mean, const T* inverse, const T* d_y, int64_t rows,
                          int64_t stride, int64_t width, T* d_gamma, T* d_beta);
  void (*batch_norm_gradient)(const T* x, const T* mean, const T* inverse, const T* factor, const T* d_y,
                              const T* d_gamma, const T* d_beta, int64_t count, int64_t n, T* d_x);

  // Dropout, see dropout.cpp.
  void (*dropout_mask)(const DropoutKey& key, uint64_t row, double rate, int64_t n, uint8_t* mask);
  void (*scale_kept)(const T* x, const uint8_t* mask, double scale, int64_t n, T* y);
  void (*replace_dropped)(const T* x, const uint8_t* mask, double scale, double shift, double dropped, int64_t n, T* y);
  // Normal numbers, see noise.cpp.
  void (*normals)(const DropoutKey& key, uint64_t row, double mean, double stddev, int64_t n, T* to);

  // Attention: scores [keys] of a query. The gradient writes d_query [F] and adds to d_key [keys, F], d_weights [F] and
  // d_factor [F], whose sum is that of the factor.
  void (*tanh_scores)(const TanhScores<T>&, T* scores);
  void (*tanh_scores_gradient)(const TanhScores<T>&, const T* d_scores, T* d_query, T* d_key, T* d_weights,
                               T* d_factor);

  void (*sgd)(const T* w, const T* g, T* momentum, T* out, int64_t n, double rate, double mu, bool nesterov);
  // Scalars are double: 1 - beta_2 of a beta_2 rounded to float would be off by 1e-5 of itself.
  void (*rmsprop)(const T* w, const T* g, T* velocity, T* momentum, T* average, T* out, int64_t n, double rate,
                  double rho, double mu, double epsilon);
  void (*adam)(const T* w, const T* g, T* m, T* v, T* v_hat, T* out, int64_t n, double alpha, double beta_1,
               double beta_2, double epsilon);
  // The step is (m_rate * m + g_rate * g) / (sqrt(v_scale * v) + epsilon).
  void (*nadam)(const T* w, const T* g, T* m, T* v, T* out, int64_t n, double m_rate, double g_rate, double v_scale,
                double beta_1, double beta_2, double epsilon);
  void (*adamax)(const T* w, const T* g, T* m, T* u, T* out, int64_t n, double alpha, double beta_1, double beta_2,
                 double epsilon);
  void (*adagrad)(const T* w, const T* g, T* accumulator, T* out, int64_t n, double rate, double epsilon);
  void (*adadelta)(const T* w, const T* g, T* gradients, T* steps, T* out, int64_t n, double rate, double rho,
                   double epsilon);
  // The accumulator counts by its power `exponent`.
  void (*ftrl)(const T* w, const T* g, T* accumulator, T* linear, T* out, int64_t n, double rate, double exponent,
               double l1, double l2, double shrinkage);
  void (*lion)(const T* w, const T* g, T* momentum, T* out, int64_t n, double rate, double beta_1, double beta_2);
  // See optimizer_norms.cpp.
  double (*sum_of_squares)(const T* x, int64_t n);
  void (*lamb)(const T* w, const T* g, T* m, T* v, T* out, int64_t n, double rate, double beta_1, double beta_2,
               double m_scale, double v_scale, double epsilon);
  void (*adafactor)(const AdafactorArgs<T>&);

  // What this core can do at best, for shares of a bound: flops done, and the sum of n elements read `times` times.
  double (*fma_chain)(int64_t iterations);
  T (*read)(const T* data, int64_t n, int64_t times);
};

// Layers of float32 whose products take narrower numbers, several of them in an element of 32 bits.
struct NarrowTable {
  const char* name;  // of the numbers
  int numbers;       // of an element
  bool scaled;       // whole numbers, which count for the scales of their row and column
  bool fast;         // the CPU multiplies and adds all numbers of an element in one instruction
  void (*forward[kNarrowCells])(const ForwardArgs<float>&);  // with tanh and sigmoid
  // x [n] as elements; returns the scale of the row.
  float (*narrow)(const float* x, int64_t n, uint32_t* elements);
  // h [n] likewise, n whole vectors, with the scale that all rows of states have.
  void (*narrow_states)(const float* h, int64_t n, uint32_t* elements);
  void (*product)(const NarrowProductArgs&);
};

struct InstructionSet {
  const char* name;
  KernelTable<float> f32;
  KernelTable<double> f64;
  // bfloat16 and int8 on instructions of this set alone; null where CPUs of this set are expected to have better ones.
  const NarrowTable *bf16, *int8;
};

#ifdef TIDEGATE_ISA
namespace TIDEGATE_ISA {

#define TIDEGATE_DECLARE(T)                                                                                        \
  void forward_lstm(const ForwardArgs<T>&);                                                                        \
  void backward_lstm(const BackwardArgs<T>&);                                                                      \
  void forward_gru(const ForwardArgs<T>&);                                                                         \
  void backward_gru(const BackwardArgs<T>&);                                                                       \
  void forward_gru_reset_before(const ForwardArgs<T>&);                                                            \
  void backward_gru_reset_before(const BackwardArgs<T>&);                                                          \
  void forward_simple_rnn(const ForwardArgs<T>&);                                                                  \
  void backward_simple_rnn(const BackwardArgs<T>&);                                                                \
  void product(const ProductArgs<T>&);                                                                             \
  void outer(const OuterArgs<T>&);                                                                                 \
  void pack_gates(const T*, int64_t, int64_t, int, int, int, int, T*);                                             \
  void unpack_gates(const T*, int64_t, int64_t, int, int, int, int, int64_t, int64_t, T*);                         \
  void pack_gate_columns(const T*, int64_t, int64_t, int, int, int, int, T*);                                      \
  void pack_columns(const T*, int64_t, int64_t, int64_t, int64_t, T*);                                             \
  void log_row(const T*, T*, int64_t);                                                                             \
  void sum_rows(const T*, int64_t, int64_t, int64_t, T*);                                                          \
  void max_rows(const T*, int64_t, int64_t, int64_t, T*);                                                          \
  void max_rows_gradient(const T*, const T*, const T*, int64_t, int64_t, int64_t, bool, T*);                       \
  void layer_norm(const T*, const T*, const T*, int64_t, double, T*, T*);                                          \
  void layer_norm_gradient(const T*, const T*, const T*, const T*, int64_t, T*);                                   \
  void layer_norm_weight_gradients(const T*, const T*, const T*, int64_t, int64_t, int64_t, T*, T*);               \
  void batch_moments(const T*, const uint8_t*, int64_t, int64_t, int64_t, T*, T*);                                 \
  void batch_norm(const T*, const T*, const T*, const T*, int64_t, T*);                                            \
  void batch_norm_sums(const T*, const uint8_t*, const T*, const T*, const T*, int64_t, int64_t, int64_t, T*, T*); \
  void batch_norm_gradient(const T*, const T*, const T*, const T*, const T*, const T*, const T*, int64_t, int64_t, \
                           T*);                                                                                    \
  void scale_kept(const T*, const uint8_t*, double, int64_t, T*);                                                  \
  void replace_dropped(const T*, const uint8_t*, double, double, double, int64_t, T*);                             \
  void normals(const DropoutKey&, uint64_t, double, double, int64_t, T*);                                          \
  void tanh_scores(const TanhScores<T>&, T*);                                                                      \
  void tanh_scores_gradient(const TanhScores<T>&, const T*, T*, T*, T*, T*);                                       \
  void sgd(const T*, const T*, T*, T*, int64_t, double, double, bool);                                             \
  void rmsprop(const T*, const T*, T*, T*, T*, T*, int64_t, double, double, double, double);                       \
  void adam(const T*, const T*, T*, T*, T*, T*, int64_t, double, double, double, double);                          \
  void nadam(const T*, const T*, T*, T*, T*, int64_t, double, double, double, double, double, double);             \
  void adamax(const T*, const T*, T*, T*, T*, int64_t, double, double, double, double);                            \
  void adagrad(const T*, const T*, T*, T*, int64_t, double, double);                                               \
  void adadelta(const T*, const T*, T*, T*, T*, int64_t, double, double, double);                                  \
  void ftrl(const T*, const T*, T*, T*, T*, int64_t, double, double, double, double, double);                      \
  void lion(const T*, const T*, T*, T*, int64_t, double, double, double);                                          \
  double sum_of_squares(const T*, int64_t);                                                                        \
  void lamb(const T*, const T*, T*, T*, T*, int64_t, double, double, double, double, double, double);              \
  void adafactor(const AdafactorArgs<T>&);                                                                         \
  T read(const T*, int64_t, int64_t);

TIDEGATE_DECLARE(float)
TIDEGATE_DECLARE(double)
#undef TIDEGATE_DECLARE

void dropout_mask(const DropoutKey&, uint64_t, double, int64_t, uint8_t*);

extern const NarrowTable kBf16, kInt8;

double fma_chain_f32(int64_t);
double fma_chain_f64(int64_t);

const InstructionSet& instruction_set();

}  // namespace TIDEGATE_ISA
#endif

}  // namespace tidegate
