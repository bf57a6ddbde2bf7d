// This instruction set's entry in the dispatcher.
#include "kernels/table.hpp"

#include "kernels/tile.hpp"

#define TIDEGATE_STRING(x) TIDEGATE_STRING_OF(x)
#define TIDEGATE_STRING_OF(x) #x

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class T>
constexpr KernelTable<T> table(double (*fma_chain)(int64_t)) {
  return {kLanes<T>,
          kStrip,
          kRows,
          {forward_lstm, forward_gru, forward_gru_reset_before, forward_simple_rnn},
          {backward_lstm, backward_gru, backward_gru_reset_before, backward_simple_rnn},
          product,
          outer,
          pack_gates,
          unpack_gates,
          pack_gate_columns,
          pack_columns,
          activate,
          activate_gradient,
          log_row,
          sum_rows,
          max_rows,
          max_rows_gradient,
          layer_norm,
          layer_norm_gradient,
          layer_norm_weight_gradients,
          batch_moments,
          batch_norm,
          batch_norm_sums,
          batch_norm_gradient,
          dropout_mask,
          scale_kept,
          replace_dropped,
          normals,
          tanh_scores,
          tanh_scores_gradient,
          sgd,
          rmsprop,
          adam,
          nadam,
          adamax,
          adagrad,
          adadelta,
          ftrl,
          lion,
          sum_of_squares,
          lamb,
          adafactor,
          fma_chain,
          read};
}

#if defined(__AVX512F__)
constexpr const NarrowTable *kBf16OfSet = nullptr, *kInt8OfSet = nullptr;
#else
constexpr const NarrowTable *kBf16OfSet = &kBf16, *kInt8OfSet = &kInt8;
#endif

constexpr InstructionSet kInstructionSet = {TIDEGATE_STRING(TIDEGATE_ISA), table<float>(fma_chain_f32),
                                            table<double>(fma_chain_f64), kBf16OfSet, kInt8OfSet};

}  // namespace

const InstructionSet& instruction_set() { return kInstructionSet; }

}  // namespace tidegate::TIDEGATE_ISA
