// Operators of layer and batch normalization. They keep nothing: a backward is given what it needs.
#include "bindings/normalization.hpp"

namespace tidegate::python {
namespace {

struct LayerNormalization final : TypedOperator<LayerNormalization> {
  LayerNormalization(int64_t features, double epsilon, bool center, bool scale)
      : features(features), config{epsilon, center, scale} {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights) const {
    check_count(weights.size(), config.count(), "weights");
    return std::make_unique<LayerNormStep<T>>(current(), config.epsilon, features, config.gamma<T>(weights, features),
                                              config.beta<T>(weights, features));
  }

  py::tuple forward(const py::array& x, const Arrays& weights) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      const T* from = data_of<T>(x, "x");
      check_count(weights.size(), config.count(), "weights");
      const int64_t F = features_of(x, "x"), N = x.size() / F;
      const T *gamma = config.gamma<T>(weights, F), *beta = config.beta<T>(weights, F);
      py::array_t<T> y = new_array<T>(shape_of(x)), moments = new_array<T>({N, 2});
      T *to = y.mutable_data(), *found = moments.mutable_data();
      {
        const ReleaseGil release(10.0 * N * F);
        layer_norm(current(), N, F, config.epsilon, from, gamma, beta, to, found);
      }
      return py::make_tuple(y, moments);
    });
  }

  py::tuple backward(const py::array& x, const py::array& moments, const Arrays& weights, const py::array& d_y,
                     bool need_d_x) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      check_count(weights.size(), config.count(), "weights");
      const int64_t F = features_of(x, "x"), N = x.size() / F;
      const T *from = data_of<T>(x, "x"), *found = data_of<T>(moments, "moments", {N, 2}),
              *d = data_of<T>(d_y, "d_y", shape_of(x)), *gamma = config.gamma<T>(weights, F);
      py::array_t<T> d_x = new_array<T>(need_d_x ? shape_of(x) : Shape{0}), d_gamma = new_array<T>({F}),
                     d_beta = new_array<T>({F});
      T *to = need_d_x ? d_x.mutable_data() : nullptr, *of_gamma = d_gamma.mutable_data(),
        *of_beta = d_beta.mutable_data();
      {
        const ReleaseGil release(20.0 * N * F);
        layer_norm_gradient(current(), N, F, from, found, gamma, d, to, of_gamma, of_beta);
      }
      return py::make_tuple(need_d_x ? py::object(d_x) : py::none(), present(config, d_gamma, d_beta));
    });
  }

  const int64_t features;
  const Normalization config;
};

struct BatchNormalization final : TypedOperator<BatchNormalization> {
  BatchNormalization(int64_t features, double epsilon, bool center, bool scale)
      : features(features), config{epsilon, center, scale} {}

  static Shape rows_of(const py::array& x) {
    Shape shape = shape_of(x);
    shape.pop_back();
    return shape;
  }

  template <class T>
  const T* mean(const Arrays& weights, int64_t F) const {
    return data_of<T>(weights[config.count()], "mean", {F});
  }
  template <class T>
  const T* variance(const Arrays& weights, int64_t F) const {
    return data_of<T>(weights[config.count() + 1], "variance", {F});
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights) const {
    check_count(weights.size(), config.count() + 2, "weights");
    return std::make_unique<BatchNormStep<T>>(current(), config.epsilon, features, config.gamma<T>(weights, features),
                                              config.beta<T>(weights, features), mean<T>(weights, features),
                                              variance<T>(weights, features));
  }

  // mask: bool, shaped as x without its last axis.
  py::tuple moments(const py::array& x, const OptionalArray& mask) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      const T* from = data_of<T>(x, "x");
      const int64_t F = features_of(x, "x"), N = x.size() / F;
      const uint8_t* real = mask_of(mask, rows_of(x));
      py::array_t<T> mean = new_array<T>({F}), variance = new_array<T>({F});
      T *to = mean.mutable_data(), *to_variance = variance.mutable_data();
      {
        const ReleaseGil release(10.0 * N * F);
        batch_moments(current(), N, F, from, real, to, to_variance);
      }
      return py::make_tuple(mean, variance);
    });
  }

  py::array forward(const py::array& x, const Arrays& weights) const {
    return with_element(x, "x", [&](auto element) -> py::array {
      using T = decltype(element);
      const T* from = data_of<T>(x, "x");
      const int64_t F = features_of(x, "x");
      check_count(weights.size(), config.count() + 2, "weights");
      const BatchNormStep<T> step(current(), config.epsilon, F, config.gamma<T>(weights, F), config.beta<T>(weights, F),
                                  mean<T>(weights, F), variance<T>(weights, F));
      py::array_t<T> y = new_array<T>(shape_of(x));
      step.run(shape_of(x), from, y.mutable_data());
      return y;
    });
  }

  py::tuple backward(const py::array& x, const Arrays& weights, const py::array& d_y, bool of_batch,
                     const OptionalArray& mask, bool need_d_x) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      check_count(weights.size(), config.count() + 2, "weights");
      BatchNormBackward<T> call{};
      const int64_t F = call.features = features_of(x, "x");
      call.rows = x.size() / F;
      call.of_batch = of_batch;
      call.x = data_of<T>(x, "x");
      call.d_y = data_of<T>(d_y, "d_y", shape_of(x));
      call.mean = mean<T>(weights, F);
      call.mask = mask_of(mask, rows_of(x));
      const Scaling<T> scaling(F, config.epsilon, variance<T>(weights, F), config.gamma<T>(weights, F));
      call.inverse = scaling.inverse.data();
      call.factor = scaling.factor.data();
      py::array_t<T> d_x = new_array<T>(need_d_x ? shape_of(x) : Shape{0}), d_gamma = new_array<T>({F}),
                     d_beta = new_array<T>({F});
      call.d_x = need_d_x ? d_x.mutable_data() : nullptr;
      call.d_gamma = d_gamma.mutable_data();
      call.d_beta = d_beta.mutable_data();
      {
        const ReleaseGil release(20.0 * call.rows * F);
        batch_norm_gradient(current(), call);
      }
      return py::make_tuple(need_d_x ? py::object(d_x) : py::none(), present(config, d_gamma, d_beta));
    });
  }

  const int64_t features;
  const Normalization config;
};

}  // namespace

void bind_normalization(py::module_& m) {
  using namespace py::literals;

  py::class_<LayerNormalization, Operator>(m, "LayerNormalization")
      .def(py::init([](int64_t features, double epsilon, bool center, bool scale) {
             return LayerNormalization(positive(features, "features"), epsilon, center, scale);
           }),
           "features"_a, py::kw_only(), "epsilon"_a = 1e-3, "center"_a = true, "scale"_a = true)
      .def("forward", &LayerNormalization::forward, "x"_a, "weights"_a)
      .def("backward", &LayerNormalization::backward, "x"_a, "moments"_a, "weights"_a, "d_y"_a, "need_d_x"_a = true);

  py::class_<BatchNormalization, Operator>(m, "BatchNormalization")
      .def(py::init([](int64_t features, double epsilon, bool center, bool scale) {
             return BatchNormalization(positive(features, "features"), epsilon, center, scale);
           }),
           "features"_a, py::kw_only(), "epsilon"_a = 1e-3, "center"_a = true, "scale"_a = true)
      .def("moments", &BatchNormalization::moments, "x"_a, "mask"_a = py::none())
      .def("forward", &BatchNormalization::forward, "x"_a, "weights"_a)
      .def("backward", &BatchNormalization::backward, "x"_a, "weights"_a, "d_y"_a, "of_batch"_a, "mask"_a = py::none(),
           "need_d_x"_a = true);
}

}  // namespace tidegate::python
