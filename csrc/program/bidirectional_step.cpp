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
  const Direction<T> first{forwards_.config(), forwards_.weights()}, second{backwards_.config(), backwards_.weights()};
  forward(merge_, first, second, {input[0], input[1], input[2]}, x, carried.mask, y);
}

template class BidirectionalStep<float>;
template class BidirectionalStep<double>;

}  // namespace tidegate
