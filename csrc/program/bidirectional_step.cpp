#include "program/bidirectional_step.hpp"

namespace tidegate {

template <class T>
BidirectionalStep<T>::BidirectionalStep(Merge merge, RecurrentStep<T> forwards, RecurrentStep<T> backwards)
    : merge_(merge), forwards_(std::move(forwards)), backwards_(std::move(backwards)) {}

template <class T>
Shape BidirectionalStep<T>::output_shape(const Shape& input) const {
  Shape output = forwards_.output_shape(input);
  const int64_t other = backwards_.output_shape(input).back();
  if (merge_ == Merge::concat) output.back() += other;
  return output;
}

template <class T>
void BidirectionalStep<T>::run(const Shape& input, const T* x, T* y, const Carried<T>& carried) const {
  forward(merge_, first(), second(), {input[0], input[1], input[2]}, x, carried.mask, y);
}

template <class T>
Description BidirectionalStep<T>::describe(const Shape& input) const {
  const BidirectionalPlan plan = plan_forward(first(), second(), {input[0], input[1], input[2]});
  return {.set = &forwards_.weights().set(),
          .threads = plan.threads,
          .tiled = true,
          .apart = plan.apart,
          .passes = {plan.first, plan.second}};
}

template class BidirectionalStep<float>;
template class BidirectionalStep<double>;

}  // namespace tidegate
