#include "program/program.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>

#include "dispatch/wavefront.hpp"

namespace tidegate {
namespace {

std::string text(const Shape& shape) {
  std::string all;
  for (const int64_t extent : shape) all += (all.empty() ? "" : ", ") + std::to_string(extent);
  return "(" + all + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace

void refuse(const char* layer, const std::string& expected, const Shape& received) {
  throw std::invalid_argument(std::string(layer) + ": argument `x` expected " + expected + ", received shape " +
                              text(received) + ".");
}

// A layer's argument may ask for any extent: beyond this, sizes in bytes would overflow.
constexpr int64_t kMostElements = int64_t{1} << 56;

int64_t elements(const Shape& shape) {
  int64_t n = 1;
  for (const int64_t extent : shape)
    if (__builtin_mul_overflow(n, extent, &n) || n > kMostElements)
      throw OutOfMemory(std::accumulate(shape.begin(), shape.end(), double(sizeof(float)), std::multiplies<>()));
  return n;
}

template <class T>
RecurrentStep<T>::RecurrentStep(const RecurrentConfig& config, PackedRecurrent<T> weights)
    : config_(config), weights_(std::move(weights)) {}

template <class T>
Shape RecurrentStep<T>::output_shape(const Shape& input) const {
  const std::string features = std::to_string(weights_.features());
  if (input.size() != 3 || input[2] != weights_.features())
    refuse("recurrent layer", "shape (batch, timesteps, " + features + ")", input);
  if (input[1] == 0) refuse("recurrent layer", "at least one timestep", input);
  return config_.return_sequences ? Shape{input[0], input[1], config_.units} : Shape{input[0], config_.units};
}

template <class T>
std::vector<int64_t> RecurrentStep<T>::state_lengths() const {
  return std::vector<int64_t>(static_cast<size_t>(config_.layout().states), config_.units);
}

template <class T>
RecurrentForward<T> RecurrentStep<T>::call_of(const Shape& input, const T* x, T* y, T* const* states) const {
  RecurrentForward<T> call{};
  call.shape = {input[0], input[1], input[2]};
  call.x = x;
  call.y = outputs_in(y, config_, call.shape);
  for (int i = 0; states && i < config_.layout().states; ++i) call.states[i] = call.final_states[i] = states[i];
  return call;
}

template <class T>
bool RecurrentStep<T>::pays_with_next(const Step<T>& next, const Shape& input) const {
  const auto* above = dynamic_cast<const RecurrentStep<T>*>(&next);
  const StackedLayer<T> first{config_, weights_};
  return above && pays_as_wavefront(first, {above->config_, above->weights_}, {input[0], input[1], input[2]});
}

template <class T>
void RecurrentStep<T>::run_with_next(const Step<T>& next, const Shape& input, const T* x, T* between, T* y,
                                     T* const* states) const {
  const auto& above = static_cast<const RecurrentStep<T>&>(next);
  const StackedLayer<T> first{config_, weights_}, second{above.config_, above.weights_};
  T* const* states_above = states ? states + state_lengths().size() : nullptr;
  forward(first, call_of(input, x, between, states), second,
          above.call_of(output_shape(input), between, y, states_above));
}

template <class T>
void RecurrentStep<T>::run(const Shape& input, const T* x, T* y, const Carried<T>& carried) const {
  RecurrentForward<T> call = call_of(input, x, y, carried.states);
  call.mask = carried.mask;
  // In masked first steps the pass puts out zeros; in a stream it is the output before them that goes on, which is h.
  const bool repeats = carried.states && carried.mask && !config_.zero_output_for_mask;
  Array<T> before(repeats ? input[0] * config_.units : 0);
  if (repeats) std::copy_n(carried.states[0], before.size(), before.data());
  forward(config_, weights_, call, static_cast<KeptRecurrent<T>*>(nullptr));
  if (!repeats) return;
  for (int64_t b = 0; b < input[0]; ++b) {
    const uint8_t* mask = carried.mask + b * input[1];
    const int64_t masked = std::find_if(mask, mask + input[1], [](uint8_t real) { return real; }) - mask;
    const int64_t outputs = config_.return_sequences ? masked : masked == input[1];
    for (int64_t t = 0; t < outputs; ++t)
      std::copy_n(before.data() + b * config_.units, config_.units, call.y.at(t, b));
  }
}

template <class T>
double RecurrentStep<T>::flops(const Shape& input) const {
  return tidegate::flops(config_, {input[0], input[1], weights_.input_table() ? 0 : input[2]});
}

template <class T>
Description RecurrentStep<T>::describe(const Shape& input) const {
  const ForwardPlan plan = plan_forward(config_, weights_, {input[0], input[1], input[2]});
  return {
      .set = &weights_.set(), .narrow = weights_.narrow(), .threads = plan.threads, .tiled = true, .passes = {plan}};
}

template <class T>
DenseStep<T>::DenseStep(const DenseConfig& config, PackedDense<T> weights)
    : config_(config), weights_(std::move(weights)) {}

template <class T>
Shape DenseStep<T>::output_shape(const Shape& input) const {
  if (input.size() < 2 || input.back() != weights_.features())
    refuse("Dense", "shape (batch, ..., " + std::to_string(weights_.features()) + ")", input);
  Shape output = input;
  output.back() = config_.units;
  return output;
}

template <class T>
void DenseStep<T>::run(const Shape& input, const T* x, T* y) const {
  forward(config_, weights_, elements(input) / weights_.features(), x, y, static_cast<T*>(nullptr));
}

template <class T>
double DenseStep<T>::flops(const Shape& input) const {
  return 2.0 * elements(input) * config_.units;
}

template <class T>
Description DenseStep<T>::describe(const Shape& input) const {
  const int64_t rows = elements(input) / weights_.features();
  return {.set = &weights_.set(),
          .narrow = weights_.narrow(),
          .threads = forward_threads(config_, weights_, rows),
          .tiled = true};
}

template <class T>
std::vector<Shape> Program<T>::shapes(const Shape& input) const {
  std::vector<Shape> shapes{input};
  for (const auto& step : steps_) shapes.push_back(step->output_shape(shapes.back()));
  return shapes;
}

template <class T>
double Program<T>::flops(const std::vector<Shape>& shapes) const {
  double total = 0;
  for (size_t i = 0; i < steps_.size(); ++i) total += steps_[i]->flops(shapes[i]);
  return total;
}

template <class T>
std::vector<int64_t> Program<T>::state_lengths() const {
  std::vector<int64_t> lengths;
  for (const auto& step : steps_)
    for (const int64_t length : step->state_lengths()) lengths.push_back(length);
  return lengths;
}

template <class T>
int64_t Program<T>::first_without_streams() const {
  for (size_t i = 0; i < steps_.size(); ++i)
    if (!steps_[i]->streams()) return static_cast<int64_t>(i);
  return -1;
}

template <class T>
Array<uint8_t> Program<T>::run(const std::vector<Shape>& shapes, const T* x, T* y, Carried<T> carried) const {
  size_t end = steps_.size();  // behind the last step that computes: that one writes to y
  while (end > 0 && steps_[end - 1]->only_reshapes()) --end;
  if (end == 0) std::copy_n(x, elements(shapes[0]), y);
  Array<T> between[3];  // two steps that run at once have an input, an output, and one between them
  Array<uint8_t> mask;
  size_t runs = 0;
  const auto output_of = [&](size_t i) {
    if (i + 1 >= end) return y;
    Array<T>& array = between[runs++ % 3];
    array = Array<T>(elements(shapes[i + 1]));
    return array.data();
  };
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step<T>& step = *steps_[i];
    if (step.makes_mask()) {
      mask = step.make_mask(shapes[i], x);
      carried.mask = mask.data();
    }
    if (!step.only_reshapes()) {
      T* to = output_of(i);
      const size_t next = next_to_run(i, shapes);
      if (next < end && !carried.mask && step.pays_with_next(*steps_[next], shapes[i])) {
        T* middle = to;
        to = output_of(next);
        step.run_with_next(*steps_[next], shapes[i], x, middle, to, carried.states);
        if (carried.states) carried.states += step.state_lengths().size();
        i = next;
      } else {
        step.run(shapes[i], x, to, carried);
      }
      x = to;
    }
    if (carried.states) carried.states += steps_[i]->state_lengths().size();
    if (!steps_[i]->passes_mask() && !steps_[i]->makes_mask()) carried.mask = nullptr, mask = {};
  }
  return mask;
}

template <class T>
size_t Program<T>::next_to_run(size_t i, const std::vector<Shape>& shapes) const {
  size_t next = i + 1;
  while (next < steps_.size() && steps_[next]->only_reshapes() && shapes[next + 1] == shapes[next]) ++next;
  return next;
}

template <class T>
size_t Program<T>::packed_bytes() const {
  size_t bytes = 0;
  for (const auto& step : steps_) bytes += step->packed_bytes();
  return bytes;
}

template class RecurrentStep<float>;
template class RecurrentStep<double>;
template class DenseStep<float>;
template class DenseStep<double>;
template class Program<float>;
template class Program<double>;

}  // namespace tidegate
