// SimpleRNN (Elman 1990).
//
//   h' = activation(x . W + h . U + b)
//
// Forward keeps the states, and with them all that backward needs: h' is the one gate.
#pragma once

#include "kernels/backward.hpp"
#include "kernels/forward.hpp"
#include "simd/math.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

struct SimpleRnn {
  static constexpr Cell kCell = Cell::simple_rnn;

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gates(const ForwardStep<T>&, int64_t, int64_t, const T*) {}

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_output(const ForwardStep<T>& step, int64_t b, int64_t panel, const T* sums) {
    step.store_output(b, panel, tanh<T>(load(sums)));
  }

  template <int Stage, class T>
  TIDEGATE_INLINE void finish_gradient(const BackwardStep<T>& step, int64_t b, int64_t entry, int64_t panel) {
    const int64_t at = b * step.V + panel * kLanes<T>;
    store(step.d_sums.at(panel, entry), load(step.d_h + at) * d_tanh<T>(load(step.h_next + at)));
    store(step.d_h + at, broadcast(T(0)));
  }

  template <int Stage, class T>
  static void finish_row(const ForwardStep<T>& step, int64_t b) {
    T* h = step.row_buffer;
    gather(step.sums, b, 0, step.panels(), h);
    activate(step.activation, h, h, step.units);
    step.store_output_row(b, h);
  }

  template <int Stage, class T>
  static void finish_gradient_row(const BackwardStep<T>& step, int64_t b, int64_t entry) {
    T *sum = step.row_buffer, *d_sum = sum + step.V, *d_h = step.d_h + b * step.V;
    gather(step.sums, b, 0, step.panels(), sum);
    activate_gradient(step.activation, sum, step.h_next + b * step.V, d_h, d_sum, step.units);
    scatter(d_sum, step.d_sums, entry, 0, step.panels());
    memset(d_h, 0, step.units * sizeof(T));
  }
};

}  // namespace
}  // namespace tidegate::TIDEGATE_ISA
