// The operator of a layer without weights, from one array to another.
#pragma once

#include "bindings/operator.hpp"
#include "program/plain_step.hpp"

namespace tidegate::python {

// Any layer of program/plain_step.hpp.
template <class Layer>
struct Plain final : TypedOperator<Plain<Layer>> {
  explicit Plain(const Layer& layer) : layer(layer) {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights) const {
    check_count(weights.size(), 0, "weights");
    return std::make_unique<PlainStep<T, Layer>>(current(), layer);
  }

  py::array forward(const py::array& x) const {
    return with_element(x, "x", [&](auto element) -> py::array {
      using T = decltype(element);
      const T* from = data_of<T>(x, "x");
      const Shape shape = shape_of(x);
      py::array_t<T> y = new_array<T>(layer.output_shape(shape));
      T* to = y.mutable_data();
      const ReleaseGil release(kFlopsOfElement * elements(shape));
      layer.forward(current(), shape, from, to);
      return y;
    });
  }

  py::array backward(const py::array& x, const py::array& y, const py::array& d_y) const {
    return with_element(x, "x", [&](auto element) -> py::array {
      using T = decltype(element);
      const Shape shape = shape_of(x), output = layer.output_shape(shape);
      const T *from = data_of<T>(x, "x"), *found = data_of<T>(y, "y", output), *d = data_of<T>(d_y, "d_y", output);
      py::array_t<T> d_x = new_array<T>(shape);
      T* to = d_x.mutable_data();
      const ReleaseGil release(kFlopsOfElement * elements(shape));
      layer.backward(current(), shape, from, found, d, to);
      return d_x;
    });
  }

  const Layer layer;
};

template <class Layer>
py::class_<Plain<Layer>, Operator> bind_plain(py::module_& m, const char* name) {
  py::class_<Plain<Layer>, Operator> bound(m, name);
  bound.def("forward", &Plain<Layer>::forward, py::arg("x"))
      .def("backward", &Plain<Layer>::backward, py::arg("x"), py::arg("y"), py::arg("d_y"));
  return bound;
}

}  // namespace tidegate::python
