// Functions that attention is made of.
#include <pybind11/stl.h>

#include "bindings/operator.hpp"
#include "dispatch/attention.hpp"

namespace tidegate::python {
namespace {

py::array product_of(const py::array& a, const py::array& b, bool a_transposed, bool b_transposed) {
  return with_element(a, "a", [&](auto element) -> py::array {
    using T = decltype(element);
    BatchedProduct<T> call{};
    call.a = data_of<T>(a, "a", {-1, -1, -1});
    call.batch = a.shape(0);
    call.rows = a.shape(a_transposed ? 2 : 1);
    call.depth = a.shape(a_transposed ? 1 : 2);
    call.b = data_of<T>(b, "b", b_transposed ? Shape{call.batch, -1, call.depth} : Shape{call.batch, call.depth, -1});
    call.width = b.shape(b_transposed ? 1 : 2);
    call.a_transposed = a_transposed;
    call.b_transposed = b_transposed;
    py::array_t<T> y = new_array<T>({call.batch, call.rows, call.width});
    call.y = y.mutable_data();
    const ReleaseGil release(call.flops());
    batched_product(current(), call);
    return y;
  });
}

template <class T>
AdditiveScores<T> additive(const py::array& query, const py::array& key, const OptionalArray& weights, double factor) {
  AdditiveScores<T> call{};
  call.query = data_of<T>(query, "query", {-1, -1, -1});
  call.batch = query.shape(0);
  call.queries = query.shape(1);
  call.features = query.shape(2);
  call.key = data_of<T>(key, "key", {call.batch, -1, call.features});
  call.keys = key.shape(1);
  call.weights = weights ? data_of<T>(*weights, "weights", {call.features}) : nullptr;
  call.factor = factor;
  return call;
}

py::array tanh_scores_of(const py::array& query, const py::array& key, const OptionalArray& weights, double factor) {
  return with_element(query, "query", [&](auto element) -> py::array {
    using T = decltype(element);
    const AdditiveScores<T> call = additive<T>(query, key, weights, factor);
    py::array_t<T> scores = new_array<T>({call.batch, call.queries, call.keys});
    T* to = scores.mutable_data();
    const ReleaseGil release(call.flops());
    tanh_scores(current(), call, to);
    return scores;
  });
}

py::tuple tanh_scores_gradient_of(const py::array& query, const py::array& key, const OptionalArray& weights,
                                  double factor, const py::array& d_scores) {
  return with_element(query, "query", [&](auto element) -> py::tuple {
    using T = decltype(element);
    const AdditiveScores<T> call = additive<T>(query, key, weights, factor);
    const T* d = data_of<T>(d_scores, "d_scores", {call.batch, call.queries, call.keys});
    py::array_t<T> d_query = new_array<T>(shape_of(query)), d_key = new_array<T>(shape_of(key)),
                   d_weights = new_array<T>({call.features}), d_factor = new_array<T>(Shape{});
    const AdditiveGradients<T> to{d_query.mutable_data(), d_key.mutable_data(), d_weights.mutable_data(),
                                  d_factor.mutable_data()};
    {
      const ReleaseGil release(2 * call.flops());
      tanh_scores_gradient(current(), call, d, to);
    }
    return py::make_tuple(d_query, d_key, d_weights, d_factor);
  });
}

py::array weights_of(const py::array& scores, double scale, const OptionalArray& mask, bool causal) {
  return with_element(scores, "scores", [&](auto element) -> py::array {
    using T = decltype(element);
    const T* from = data_of<T>(scores, "scores", {-1, -1, -1});
    positive(scores.shape(2), "keys");
    const Attended call{
        scores.shape(0), scores.shape(1), scores.shape(2), scale, mask_of(mask, {scores.shape(0), scores.shape(2)}),
        causal};
    py::array_t<T> weights = new_array<T>(shape_of(scores));
    T* to = weights.mutable_data();
    const ReleaseGil release(call.flops());
    attention_weights(current(), call, from, to);
    return weights;
  });
}

py::tuple weights_gradient_of(const py::array& scores, const py::array& weights, const py::array& d_weights,
                              double scale) {
  return with_element(scores, "scores", [&](auto element) -> py::tuple {
    using T = decltype(element);
    const T* from = data_of<T>(scores, "scores", {-1, -1, -1});
    const T *found = data_of<T>(weights, "weights", shape_of(scores)),
            *d = data_of<T>(d_weights, "d_weights", shape_of(scores));
    const Attended call{scores.shape(0), scores.shape(1), scores.shape(2), scale, nullptr, false};
    py::array_t<T> d_scores = new_array<T>(shape_of(scores)), d_scale = new_array<T>(Shape{});
    T *to = d_scores.mutable_data(), *to_scale = d_scale.mutable_data();
    {
      const ReleaseGil release(call.flops());
      attention_weights_gradient(current(), call, from, found, d, to, to_scale);
    }
    return py::make_tuple(d_scores, d_scale);
  });
}

}  // namespace

void bind_attention(py::module_& m) {
  using namespace py::literals;
  m.def("batched_product", &product_of, "a"_a, "b"_a, "a_transposed"_a = false, "b_transposed"_a = false);
  m.def("tanh_scores", &tanh_scores_of, "query"_a, "key"_a, "weights"_a = py::none(), "factor"_a = 1.0);
  m.def("tanh_scores_gradient", &tanh_scores_gradient_of, "query"_a, "key"_a, "weights"_a, "factor"_a, "d_scores"_a);
  m.def("attention_weights", &weights_of, "scores"_a, "scale"_a = 1.0, "mask"_a = py::none(), "causal"_a = false);
  m.def("attention_weights_gradient", &weights_gradient_of, "scores"_a, "weights"_a, "d_weights"_a, "scale"_a = 1.0);
}

}  // namespace tidegate::python
