#include "kernels/lstm.hpp"

namespace tidegate::TIDEGATE_ISA {

void forward_lstm(const ForwardArgs<float>& a) { Forward<Plain<float>, Lstm>(a).run(); }
void forward_lstm(const ForwardArgs<double>& a) { Forward<Plain<double>, Lstm>(a).run(); }
void backward_lstm(const BackwardArgs<float>& a) { Backward<float, Lstm>(a).run(); }
void backward_lstm(const BackwardArgs<double>& a) { Backward<double, Lstm>(a).run(); }

}  // namespace tidegate::TIDEGATE_ISA
