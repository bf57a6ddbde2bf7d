// Operators of the layers around the recurrent ones. They keep nothing: a backward is given what it needs.
#include <pybind11/stl.h>

#include <algorithm>

#include "bindings/plain.hpp"
#include "dispatch/dropout.hpp"
#include "program/masking_step.hpp"
#include "program/pooling_steps.hpp"
#include "program/shape_steps.hpp"

namespace tidegate::python {
namespace {

py::object mask_of_steps(const Plain<MaskSteps>& masking, const py::array& x) {
  return with_element(x, "x", [&](auto element) -> py::object {
    using T = decltype(element);
    const T* from = data_of<T>(x, "x", {-1, -1, -1});
    return array_of_mask(masking.layer.mask(shape_of(x), from), shape_of(x));
  });
}

struct Reshape final : TypedOperator<Reshape> {
  explicit Reshape(const Shape& target) : target(target) {
    if (std::count(target.begin(), target.end(), -1) > 1 ||
        std::any_of(target.begin(), target.end(), [](int64_t extent) { return extent < -1; }))
      throw py::value_error("argument `target` expected lengths, one of which may be -1, received " + text(target) +
                            ".");
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights) const {
    check_count(weights.size(), 0, "weights");
    return std::make_unique<ReshapeStep<T>>(target);
  }

  const Shape target;
};

struct GlobalAveragePooling final : TypedOperator<GlobalAveragePooling> {
  explicit GlobalAveragePooling(bool keepdims) : layer{keepdims} {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights) const {
    check_count(weights.size(), 0, "weights");
    return std::make_unique<PlainStep<T, GlobalAveragePool>>(current(), layer);
  }

  py::array forward(const py::array& x, const OptionalArray& mask) const {
    return with_element(x, "x", [&](auto element) -> py::array {
      using T = decltype(element);
      const T* from = data_of<T>(x, "x");
      const Shape shape = shape_of(x);
      py::array_t<T> y = new_array<T>(layer.output_shape(shape));
      layer.forward(current(), shape, from, y.mutable_data(), mask_of(mask, {shape[0], shape[1]}));
      return y;
    });
  }

  py::array backward(const Shape& shape, const py::array& d_y, const OptionalArray& mask) const {
    return with_element(d_y, "d_y", [&](auto element) -> py::array {
      using T = decltype(element);
      const T* d = data_of<T>(d_y, "d_y", layer.output_shape(shape));
      py::array_t<T> d_x = new_array<T>(shape);
      layer.backward(current(), shape, d, d_x.mutable_data(), mask_of(mask, {shape[0], shape[1]}));
      return d_x;
    });
  }

  const GlobalAveragePool layer;
};

py::array dropout_mask_of(const Shape& shape, double rate, uint64_t seed, uint64_t node, uint64_t iteration,
                          const OptionalArray& rows) {
  if (!(rate >= 0 && rate <= 1)) throw py::value_error("argument `rate` expected a number from 0 to 1.");
  if (shape.empty()) throw py::value_error("argument `shape` expected an axis of rows.");
  const int64_t n = elements(Shape(shape.begin() + 1, shape.end()));
  const int64_t* numbers = rows ? data_of<int64_t>(*rows, "rows", {shape[0]}) : nullptr;
  py::array_t<bool> mask = new_array<bool>(shape);
  auto* to = reinterpret_cast<uint8_t*>(mask.mutable_data());
  const ReleaseGil release(30.0 * shape[0] * n);
  dropout_mask({seed, node, iteration}, rate, shape[0], n, numbers, to);
  return mask;
}

py::array apply_dropout_to(const py::array& x, const py::array& mask, double rate) {
  return with_element(x, "x", [&](auto element) -> py::array {
    using T = decltype(element);
    const T* from = data_of<T>(x, "x");
    const auto* kept = reinterpret_cast<const uint8_t*>(data_of<bool>(mask, "mask", shape_of(x)));
    py::array_t<T> y = new_array<T>(shape_of(x));
    T* to = y.mutable_data();
    const ReleaseGil release(4.0 * x.size());
    apply_dropout(from, kept, rate, x.size(), to);
    return y;
  });
}

template <class Layer>
void bind_pooling(py::module_& m, const char* name) {
  using namespace py::literals;
  bind_plain<Layer>(m, name).def(
      py::init([](int64_t pool_size, int64_t strides, bool same) {
        return Plain<Layer>(Layer{Windows{positive(pool_size, "pool_size"), positive(strides, "strides"), same}});
      }),
      "pool_size"_a, "strides"_a, "same"_a);
}

Permutation permutation(const Shape& dims) {
  Shape sorted = dims;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<int64_t>(i) + 1)
      throw py::value_error("argument `dims` expected the numbers 1 to " + std::to_string(sorted.size()) +
                            ", received " + text(dims) + ".");
  return {dims};
}

}  // namespace

void bind_layers(py::module_& m) {
  using namespace py::literals;

  bind_plain<Repeat>(m, "RepeatVector")
      .def(py::init([](int64_t n) { return Plain<Repeat>({positive(n, "n")}); }), "n"_a);
  bind_plain<RepeatSteps>(m, "UpSampling1D")
      .def(py::init([](int64_t size) { return Plain<RepeatSteps>({positive(size, "size")}); }), "size"_a);
  bind_plain<Pad>(m, "Pad1D")
      .def(py::init([](int64_t before, int64_t after) { return Plain<Pad>({before, after}); }), "before"_a, "after"_a);
  bind_plain<Permutation>(m, "Permute")
      .def(py::init([](const Shape& dims) { return Plain<Permutation>(permutation(dims)); }), "dims"_a);
  bind_plain<MaskSteps>(m, "Masking")
      .def(py::init([](double mask_value) { return Plain<MaskSteps>({mask_value}); }), "mask_value"_a = 0.0)
      .def("mask", &mask_of_steps, "x"_a);
  bind_plain<GlobalMaxPool>(m, "GlobalMaxPooling1D")
      .def(py::init([](bool keepdims) { return Plain<GlobalMaxPool>({keepdims}); }), "keepdims"_a = false);
  bind_pooling<MaxPool>(m, "MaxPooling1D");
  bind_pooling<AveragePool>(m, "AveragePooling1D");

  py::class_<Reshape, Operator>(m, "Reshape").def(py::init<const Shape&>(), "target"_a);

  py::class_<GlobalAveragePooling, Operator>(m, "GlobalAveragePooling1D")
      .def(py::init<bool>(), "keepdims"_a = false)
      .def("forward", &GlobalAveragePooling::forward, "x"_a, "mask"_a = py::none())
      .def("backward", &GlobalAveragePooling::backward, "shape"_a, "d_y"_a, "mask"_a = py::none());

  m.def("dropout_mask", &dropout_mask_of, "shape"_a, "rate"_a, py::kw_only(), "seed"_a, "node"_a, "iteration"_a,
        "rows"_a = py::none());
  m.def("apply_dropout", &apply_dropout_to, "x"_a, "mask"_a, "rate"_a);
}

}  // namespace tidegate::python
