#include "kernels/simple_rnn.hpp"

namespace tidegate::TIDEGATE_ISA {

void forward_simple_rnn(const ForwardArgs<float>& a) { Forward<Plain<float>, SimpleRnn>(a).run(); }
void forward_simple_rnn(const ForwardArgs<double>& a) { Forward<Plain<double>, SimpleRnn>(a).run(); }
void backward_simple_rnn(const BackwardArgs<float>& a) { Backward<float, SimpleRnn>(a).run(); }
void backward_simple_rnn(const BackwardArgs<double>& a) { Backward<double, SimpleRnn>(a).run(); }

}  // namespace tidegate::TIDEGATE_ISA
