#include "kernels/gru.hpp"

namespace tidegate::TIDEGATE_ISA {

void forward_gru(const ForwardArgs<float>& a) { Forward<Plain<float>, Gru>(a).run(); }
void forward_gru(const ForwardArgs<double>& a) { Forward<Plain<double>, Gru>(a).run(); }
void backward_gru(const BackwardArgs<float>& a) { Backward<float, Gru>(a).run(); }
void backward_gru(const BackwardArgs<double>& a) { Backward<double, Gru>(a).run(); }

void forward_gru_reset_before(const ForwardArgs<float>& a) { Forward<Plain<float>, GruResetBefore>(a).run(); }
void forward_gru_reset_before(const ForwardArgs<double>& a) { Forward<Plain<double>, GruResetBefore>(a).run(); }
void backward_gru_reset_before(const BackwardArgs<float>& a) { Backward<float, GruResetBefore>(a).run(); }
void backward_gru_reset_before(const BackwardArgs<double>& a) { Backward<double, GruResetBefore>(a).run(); }

}  // namespace tidegate::TIDEGATE_ISA
