// NumPy arrays at the border: checked here once, plain pointers from here on.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "dispatch/bidirectional.hpp"
#include "program/program.hpp"
#include "runtime/parallel.hpp"

namespace tidegate::python {

namespace py = pybind11;

// Floating-point work above which other Python threads may run meanwhile; below, handing the GIL over costs more.
constexpr double kFlopsWorthRelease = 2e6;

class ReleaseGil {
 public:
  explicit ReleaseGil(double flops) {
    if (flops > kFlopsWorthRelease) release_.emplace();
  }

 private:
  std::optional<py::gil_scoped_release> release_;
};

// Runs recurrent work, which may take minutes: other Python threads run meanwhile, and so do the handlers of signals.
// What one of them raises, such as a Ctrl-C, is thrown, and the work is not done then.
template <class Work>
void run_recurrent(double flops, Work work) {
  bool given_up = false;
  {
    const ReleaseGil release(flops);
    if (flops <= kFlopsWorthRelease) return work();
    const Interruptible interruptible([] {
      const py::gil_scoped_acquire acquired;
      return PyErr_CheckSignals() != 0;
    });
    work();
    given_up = interruptible.given_up();
  }
  if (given_up) throw py::error_already_set();
}

inline std::string text(const Shape& shape) {
  std::string all;
  for (const int64_t extent : shape) all += (all.empty() ? "" : ", ") + (extent < 0 ? "any" : std::to_string(extent));
  return "(" + all + (shape.size() == 1 ? ",)" : ")");
}

inline Shape shape_of(const py::array& a) { return Shape(a.shape(), a.shape() + a.ndim()); }

// The data of a C-contiguous, aligned array of T.
template <class T>
const T* data_of(const py::array& a, const std::string& name) {
  if (!py::dtype::of<T>().is(a.dtype()) && !py::dtype::of<T>().equal(a.dtype()))
    throw py::type_error("argument `" + name + "` expected dtype " + std::string(py::str(py::dtype::of<T>())) +
                         ", received " + std::string(py::str(a.dtype())) + ".");
  if (!(a.flags() & py::array::c_style))
    throw py::value_error("argument `" + name + "` expected a C-contiguous array.");
  if (!(a.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_))
    throw py::value_error("argument `" + name + "` expected an aligned array.");
  return static_cast<const T*>(a.data());
}

// The same, with the shape that is expected of it; -1 stands for any extent.
template <class T>
const T* data_of(const py::array& a, const std::string& name, const Shape& expected) {
  const Shape shape = shape_of(a);
  bool fits = shape.size() == expected.size();
  for (size_t i = 0; fits && i < shape.size(); ++i) fits = expected[i] < 0 || shape[i] == expected[i];
  if (!fits)
    throw py::value_error("argument `" + name + "` expected shape " + text(expected) + ", received " + text(shape) +
                          ".");
  return data_of<T>(a, name);
}

template <class T>
py::array_t<T> new_array(const Shape& shape) {
  return py::array_t<T>(std::vector<py::ssize_t>(shape.begin(), shape.end()));
}

// A native mask [B, T] as an array of bool, for an array whose first two axes are these; None where it is empty.
inline py::object array_of_mask(const Array<uint8_t>& mask, const Shape& shape) {
  if (!mask.data()) return py::none();
  py::array_t<bool> array = new_array<bool>({shape[0], shape[1]});
  std::copy_n(mask.data(), mask.size(), array.mutable_data());
  return array;
}

// Calls f with a T of the array's element type.
template <class F>
auto with_element(const py::array& a, const std::string& name, F f) {
  if (a.dtype().equal(py::dtype::of<float>())) return f(float{});
  if (a.dtype().equal(py::dtype::of<double>())) return f(double{});
  throw py::type_error("argument `" + name + "` expected dtype float32 or float64, received " +
                       std::string(py::str(a.dtype())) + ".");
}

Activation activation_named(const std::string& name);
Merge merge_named(const std::string& mode);

void bind_operators(py::module_& m);
void bind_programs(py::module_& m);
void bind_layers(py::module_& m);
void bind_activations(py::module_& m);
void bind_normalization(py::module_& m);
void bind_group_normalization(py::module_& m);
void bind_embedding(py::module_& m);
void bind_conv(py::module_& m);
void bind_attention(py::module_& m);
void bind_merging(py::module_& m);
void bind_noise(py::module_& m);
void bind_functions(py::module_& m);

}  // namespace tidegate::python
