// A step of a layer without weights, from one array to another.
//
// Such a Layer is a small struct, its configuration, with
//   kOfEachStep                             whether each timestep of the output is one of the input's
//   streams()                               whether it is of that one alone, unless kOfEachStep says so
//   output_shape(input)                     throws std::invalid_argument
//   forward(set, input, x, y)               for T float and double; with a mask [B, T] at the end if it heeds one
//   backward(set, input, x, y, d_y, d_x)    likewise
//   mask(input, x)                          the mask [B, T] of the output, if it makes one
//   threads(input)                          that forward() wants, unless that is threads_for_elements(input)
#pragma once

#include "dispatch/plan.hpp"
#include "program/program.hpp"

namespace tidegate {

// What moving an element costs beside the arithmetic on it, as a number of flops.
constexpr double kFlopsOfElement = 4;

inline int threads_for_elements(const Shape& input) { return threads_for(kFlopsOfElement * elements(input)); }

template <class T, class Layer>
class PlainStep final : public Step<T> {
 public:
  PlainStep(const InstructionSet& set, const Layer& layer) : set_(&set), layer_(layer) {}

  Shape output_shape(const Shape& input) const override { return layer_.output_shape(input); }
  void run(const Shape& input, const T* x, T* y) const override { layer_.forward(*set_, input, x, y); }
  void run(const Shape& input, const T* x, T* y, const Carried<T>& carried) const override {
    if constexpr (requires { layer_.forward(*set_, input, x, y, carried.mask); })
      layer_.forward(*set_, input, x, y, carried.mask);
    else
      layer_.forward(*set_, input, x, y);
  }
  bool streams() const override {
    if constexpr (requires { layer_.streams(); })
      return layer_.streams();
    else
      return Layer::kOfEachStep;
  }
  bool passes_mask() const override { return Layer::kOfEachStep; }
  bool makes_mask() const override { return kMakesMask; }
  Array<uint8_t> make_mask(const Shape& input, const T* x) const override {
    if constexpr (kMakesMask)
      return layer_.mask(input, x);
    else
      return {};
  }
  size_t packed_bytes() const override { return 0; }
  double flops(const Shape& input) const override { return kFlopsOfElement * elements(input); }
  Description describe(const Shape& input) const override {
    if constexpr (requires { layer_.threads(input); })
      return {.set = set_, .threads = layer_.threads(input)};
    else
      return {.set = set_, .threads = threads_for_elements(input)};
  }

 private:
  static constexpr bool kMakesMask =
      requires(const Layer& layer, const Shape& input, const T* x) { layer.mask(input, x); };

  const InstructionSet* set_;
  Layer layer_;
};

}  // namespace tidegate
