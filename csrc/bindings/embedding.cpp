// The operator of an embedding. It keeps nothing: its backward is given the ids.
#include <pybind11/stl.h>

#include "bindings/operator.hpp"
#include "dispatch/embedding.hpp"
#include "program/embedding_step.hpp"

namespace tidegate::python {
namespace {

struct Embedding final : TypedOperator<Embedding> {
  Embedding(int64_t input_dim, int64_t output_dim, bool mask_zero)
      : input_dim(positive(input_dim, "input_dim")),
        output_dim(positive(output_dim, "output_dim")),
        mask_zero(mask_zero) {}

  template <class T>
  const T* table_of(const Arrays& weights) const {
    check_count(weights.size(), 1, "weights");
    return data_of<T>(weights[0], "embeddings", {input_dim, output_dim});
  }

  template <class T>
  const T* checked(const py::array& x) const {
    const T* ids = data_of<T>(x, "x");
    check_ids(ids, x.size(), input_dim);
    return ids;
  }

  Shape output_shape(const py::array& x) const {
    Shape shape = shape_of(x);
    shape.push_back(output_dim);
    return shape;
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights, Packing& packing) const {
    return std::make_unique<EmbeddingStep<T>>(packing, input_dim, output_dim, mask_zero, table_of<T>(weights));
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step_of_ids(Packing& packing) const {
    return std::make_unique<EmbeddingStep<T>>(packing, input_dim, output_dim, mask_zero, nullptr);
  }

  void check(const py::array& x) const {
    with_element(x, "x", [&](auto element) { checked<decltype(element)>(x); });
  }

  py::array forward(const py::array& x, const Arrays& weights) const {
    return with_element(x, "x", [&](auto element) -> py::array {
      using T = decltype(element);
      const T *table = table_of<T>(weights), *ids = checked<T>(x);
      py::array_t<T> y = new_array<T>(output_shape(x));
      T* to = y.mutable_data();
      const ReleaseGil release(kFlopsOfElement * y.size());
      gather(table, output_dim, ids, x.size(), to);
      return y;
    });
  }

  py::array backward(const py::array& x, const py::array& d_y) const {
    return with_element(x, "x", [&](auto element) -> py::array {
      using T = decltype(element);
      const T *ids = checked<T>(x), *d = data_of<T>(d_y, "d_y", output_shape(x));
      py::array_t<T> d_table = new_array<T>({input_dim, output_dim});
      T* to = d_table.mutable_data();
      const ReleaseGil release(kFlopsOfElement * (d_y.size() + d_table.size()));
      gather_gradient(current(), ids, x.size(), d, input_dim, output_dim, to);
      return d_table;
    });
  }

  py::object mask(const py::array& x) const {
    if (!mask_zero) return py::none();
    return with_element(x, "x", [&](auto element) -> py::object {
      using T = decltype(element);
      return array_of_mask(mask_of_ids(data_of<T>(x, "x", {-1, -1}), x.size()), shape_of(x));
    });
  }

  const int64_t input_dim, output_dim;
  const bool mask_zero;
};

}  // namespace

void bind_embedding(py::module_& m) {
  using namespace py::literals;
  py::class_<Embedding, Operator>(m, "Embedding")
      .def(py::init<int64_t, int64_t, bool>(), "input_dim"_a, "output_dim"_a, "mask_zero"_a = false)
      .def("check", &Embedding::check, "x"_a)
      .def("forward", &Embedding::forward, "x"_a, "weights"_a)
      .def("backward", &Embedding::backward, "x"_a, "d_y"_a)
      .def("mask", &Embedding::mask, "x"_a);
}

}  // namespace tidegate::python
