// Functions that layers which merge arrays are made of.
#include <pybind11/stl.h>

#include "bindings/operator.hpp"
#include "dispatch/merging.hpp"

namespace tidegate::python {
namespace {

constexpr double kFlopsOfElement = 4;

Pairwise pairwise_named(const std::string& name) {
  if (name == "subtract") return Pairwise::subtract;
  if (name == "maximum") return Pairwise::maximum;
  if (name == "minimum") return Pairwise::minimum;
  throw py::value_error("argument `name` expected 'subtract', 'maximum' or 'minimum', received '" + name + "'.");
}

py::array pairwise_of(const std::string& name, const py::array& a, const py::array& b) {
  const Pairwise how = pairwise_named(name);
  return with_element(a, "a", [&](auto element) -> py::array {
    using T = decltype(element);
    const T *first = data_of<T>(a, "a"), *second = data_of<T>(b, "b", shape_of(a));
    py::array_t<T> y = new_array<T>(shape_of(a));
    T* to = y.mutable_data();
    const ReleaseGil release(kFlopsOfElement * a.size());
    pairwise(how, first, second, a.size(), to);
    return y;
  });
}

py::tuple extreme_gradient_of(const py::array& a, const py::array& b, const py::array& d_y, bool least) {
  return with_element(a, "a", [&](auto element) -> py::tuple {
    using T = decltype(element);
    const Shape shape = shape_of(a);
    const T *first = data_of<T>(a, "a"), *second = data_of<T>(b, "b", shape), *d = data_of<T>(d_y, "d_y", shape);
    py::array_t<T> d_a = new_array<T>(shape), d_b = new_array<T>(shape);
    extreme_gradient(least, first, second, d, a.size(), d_a.mutable_data(), d_b.mutable_data());
    return py::make_tuple(d_a, d_b);
  });
}

py::array divided(const py::array& x, double divisor) {
  return with_element(x, "x", [&](auto element) -> py::array {
    using T = decltype(element);
    py::array_t<T> y = new_array<T>(shape_of(x));
    divide(data_of<T>(x, "x"), divisor, x.size(), y.mutable_data());
    return y;
  });
}

py::array summed(const py::array& x, int64_t axis) {
  if (axis < 0 || axis >= x.ndim())
    throw py::value_error("argument `axis` expected an axis of `x`, received " + std::to_string(axis) + ".");
  return with_element(x, "x", [&](auto element) -> py::array {
    using T = decltype(element);
    const Shape shape = shape_of(x);
    const T* from = data_of<T>(x, "x");
    const Shape before(shape.begin(), shape.begin() + axis), after(shape.begin() + axis + 1, shape.end());
    Shape output = before;
    output.insert(output.end(), after.begin(), after.end());
    py::array_t<T> y = new_array<T>(output);
    sum_middle(from, elements(before), shape[axis], elements(after), y.mutable_data());
    return y;
  });
}

py::tuple unit_rows_of(const py::array& x) {
  return with_element(x, "x", [&](auto element) -> py::tuple {
    using T = decltype(element);
    const Shape shape = shape_of(x);
    const T* from = data_of<T>(x, "x", {-1, -1, -1});
    py::array_t<T> y = new_array<T>(shape), inverse = new_array<T>({shape[0], shape[1]});
    unit_rows(from, shape[0] * shape[1], shape[2], y.mutable_data(), inverse.mutable_data());
    return py::make_tuple(y, inverse);
  });
}

py::array unit_rows_gradient_of(const py::array& y, const py::array& inverse, const py::array& d_y) {
  return with_element(y, "y", [&](auto element) -> py::array {
    using T = decltype(element);
    const Shape shape = shape_of(y);
    const T* found = data_of<T>(y, "y", {-1, -1, -1});
    const T *factors = data_of<T>(inverse, "inverse", {shape[0], shape[1]}), *d = data_of<T>(d_y, "d_y", shape);
    py::array_t<T> d_x = new_array<T>(shape);
    unit_rows_gradient(found, factors, d, shape[0] * shape[1], shape[2], d_x.mutable_data());
    return d_x;
  });
}

}  // namespace

void bind_merging(py::module_& m) {
  using namespace py::literals;
  m.def("pairwise", &pairwise_of, "name"_a, "a"_a, "b"_a);
  m.def("extreme_gradient", &extreme_gradient_of, "a"_a, "b"_a, "d_y"_a, "least"_a = false);
  m.def("divide", &divided, "x"_a, "divisor"_a);
  m.def("sum_axis", &summed, "x"_a, "axis"_a);
  m.def("unit_rows", &unit_rows_of, "x"_a);
  m.def("unit_rows_gradient", &unit_rows_gradient_of, "y"_a, "inverse"_a, "d_y"_a);
}

}  // namespace tidegate::python
