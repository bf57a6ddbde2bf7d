// Operators of activation functions as layers of their own.
#include <pybind11/stl.h>

#include "bindings/plain.hpp"
#include "program/elementwise_steps.hpp"
#include "program/prelu_step.hpp"

namespace tidegate::python {
namespace {

py::array softmax_of(const Plain<SoftmaxOver>& softmax, const py::array& x, const OptionalArray& mask) {
  return with_element(x, "x", [&](auto element) -> py::array {
    using T = decltype(element);
    const T* from = data_of<T>(x, "x");
    const Shape shape = softmax.layer.output_shape(shape_of(x));
    const uint8_t* counts = mask_of(mask, shape);
    py::array_t<T> y = new_array<T>(shape);
    T* to = y.mutable_data();
    const ReleaseGil release(kFlopsOfElement * elements(shape));
    softmax.layer.forward_of(current(), shape, from, counts, to);
    return y;
  });
}

SoftmaxOver softmax_over(int64_t first, int64_t last) {
  if (first < 0 || last < first)
    throw py::value_error("arguments `first` and `last` expected axes in order, received " + std::to_string(first) +
                          " and " + std::to_string(last) + ".");
  return {first, last};
}

struct PReLU final : TypedOperator<PReLU> {
  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights) const {
    check_count(weights.size(), 1, "weights");
    return std::make_unique<PreluStep<T>>(shape_of(weights[0]), data_of<T>(weights[0], "alpha"));
  }

  py::array forward(const py::array& x, const py::array& alpha) const {
    return with_element(x, "x", [&](auto element) -> py::array {
      using T = decltype(element);
      const T *from = data_of<T>(x, "x"), *slopes = data_of<T>(alpha, "alpha");
      const Shape shape = PreluStep<T>(shape_of(alpha), slopes).output_shape(shape_of(x));
      py::array_t<T> y = new_array<T>(shape);
      T* to = y.mutable_data();
      const ReleaseGil release(kFlopsOfElement * elements(shape));
      prelu(shape, shape_of(alpha), from, slopes, to);
      return y;
    });
  }

  py::tuple backward(const py::array& x, const py::array& alpha, const py::array& d_y, bool need_d_x) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      const T *from = data_of<T>(x, "x"), *slopes = data_of<T>(alpha, "alpha"),
              *d = data_of<T>(d_y, "d_y", shape_of(x));
      const Shape shape = PreluStep<T>(shape_of(alpha), slopes).output_shape(shape_of(x));
      py::array_t<T> d_x = new_array<T>(need_d_x ? shape : Shape{0}), d_alpha = new_array<T>(shape_of(alpha));
      T *to = need_d_x ? d_x.mutable_data() : nullptr, *of_alpha = d_alpha.mutable_data();
      {
        const ReleaseGil release(2 * kFlopsOfElement * elements(shape));
        prelu_gradient(shape, shape_of(alpha), from, slopes, d, to, of_alpha);
      }
      return py::make_tuple(need_d_x ? py::object(d_x) : py::none(), d_alpha);
    });
  }
};

}  // namespace

void bind_activations(py::module_& m) {
  using namespace py::literals;

  bind_plain<Activate>(m, "Activation")
      .def(py::init([](const std::string& name) { return Plain<Activate>({activation_named(name)}); }), "name"_a);
  bind_plain<Rectify>(m, "ReLU").def(
      py::init([](double slope, double threshold, double most) { return Plain<Rectify>({slope, threshold, most}); }),
      "slope"_a, "threshold"_a, "most"_a);
  bind_plain<ScaledElu>(m, "ELU").def(py::init([](double alpha) { return Plain<ScaledElu>({alpha}); }), "alpha"_a);
  py::class_<Plain<SoftmaxOver>, Operator>(m, "Softmax")
      .def(py::init([](int64_t first, int64_t last) { return Plain<SoftmaxOver>(softmax_over(first, last)); }),
           "first"_a, "last"_a)
      .def("forward", &softmax_of, "x"_a, "mask"_a = py::none())
      .def("backward", &Plain<SoftmaxOver>::backward, "x"_a, "y"_a, "d_y"_a);
  py::class_<PReLU, Operator>(m, "PReLU")
      .def(py::init<>())
      .def("forward", &PReLU::forward, "x"_a, "alpha"_a)
      .def("backward", &PReLU::backward, "x"_a, "alpha"_a, "d_y"_a, "need_d_x"_a = true);
}

}  // namespace tidegate::python
