// Functions of layers that are noise in training: normal numbers, and alpha dropout.
#include <pybind11/stl.h>

#include "bindings/operator.hpp"
#include "dispatch/noise.hpp"

namespace tidegate::python {
namespace {

py::array normals_of(const Shape& shape, double mean, double stddev, uint64_t seed, uint64_t node, uint64_t iteration,
                     const OptionalArray& rows, const py::object& dtype) {
  if (shape.empty()) throw py::value_error("argument `shape` expected an axis of rows.");
  const int64_t n = elements(Shape(shape.begin() + 1, shape.end()));
  const int64_t* numbers = rows ? data_of<int64_t>(*rows, "rows", {shape[0]}) : nullptr;
  return with_element(py::array(py::dtype::from_args(dtype), Shape{0}), "dtype", [&](auto element) -> py::array {
    using T = decltype(element);
    py::array_t<T> y = new_array<T>(shape);
    T* to = y.mutable_data();
    const ReleaseGil release(kFlopsOfNormal * shape[0] * n);
    normals({seed, node, iteration}, mean, stddev, shape[0], n, numbers, to);
    return y;
  });
}

// What `pass` makes of x and its mask, for a rate below 1.
template <class Pass>
py::array with_mask(const py::array& x, const char* name, const py::array& mask, double rate, Pass pass) {
  if (!(rate >= 0 && rate < 1)) throw py::value_error("argument `rate` expected a number from 0 to less than 1.");
  return with_element(x, name, [&](auto element) -> py::array {
    using T = decltype(element);
    const T* from = data_of<T>(x, name);
    const auto* kept = reinterpret_cast<const uint8_t*>(data_of<bool>(mask, "mask", shape_of(x)));
    py::array_t<T> y = new_array<T>(shape_of(x));
    T* to = y.mutable_data();
    const ReleaseGil release(kFlopsOfAlphaDropout * x.size());
    pass(from, kept, rate, x.size(), to);
    return y;
  });
}

py::array apply_alpha_dropout_to(const py::array& x, const py::array& mask, double rate) {
  return with_mask(x, "x", mask, rate, [](auto... call) { apply_alpha_dropout(call...); });
}

py::array alpha_dropout_gradient_of(const py::array& d_y, const py::array& mask, double rate) {
  return with_mask(d_y, "d_y", mask, rate, [](auto... call) { alpha_dropout_gradient(call...); });
}

}  // namespace

void bind_noise(py::module_& m) {
  using namespace py::literals;
  m.def("normals", &normals_of, "shape"_a, "mean"_a, "stddev"_a, py::kw_only(), "seed"_a, "node"_a, "iteration"_a,
        "rows"_a = py::none(), "dtype"_a = "float32");
  m.def("apply_alpha_dropout", &apply_alpha_dropout_to, "x"_a, "mask"_a, "rate"_a);
  m.def("alpha_dropout_gradient", &alpha_dropout_gradient_of, "d_y"_a, "mask"_a, "rate"_a);
}

}  // namespace tidegate::python
