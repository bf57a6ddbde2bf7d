// Operators of group normalization, and of those by the root mean square and by the length. They keep nothing: a
// backward is given what it needs.
#include "bindings/normalization.hpp"
#include "bindings/plain.hpp"

namespace tidegate::python {
namespace {

struct GroupNormalization final : TypedOperator<GroupNormalization> {
  GroupNormalization(int64_t groups, int64_t features, double epsilon, bool center, bool scale)
      : groups(groups), features(features), config{epsilon, center, scale} {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights) const {
    check_count(weights.size(), config.count(), "weights");
    return std::make_unique<GroupNormStep<T>>(current(), config.epsilon, groups, features,
                                              config.gamma<T>(weights, features), config.beta<T>(weights, features));
  }

  // x [B, ..., features], where the operator is of as many.
  template <class T>
  Groups groups_of(const py::array& x) const {
    if (features_of(x, "x") != features)
      throw py::value_error("argument `x` expected " + std::to_string(features) + " features, received shape " +
                            text(shape_of(x)) + ".");
    return GroupNormStep<T>::groups_of(shape_of(x), groups, config.epsilon);
  }

  py::tuple forward(const py::array& x, const Arrays& weights) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      const T* from = data_of<T>(x, "x");
      check_count(weights.size(), config.count(), "weights");
      const Groups call = groups_of<T>(x);
      const T *gamma = config.gamma<T>(weights, features), *beta = config.beta<T>(weights, features);
      py::array_t<T> y = new_array<T>(shape_of(x)), moments = new_array<T>({call.batch, groups, 2});
      T *to = y.mutable_data(), *found = moments.mutable_data();
      {
        const ReleaseGil release(10.0 * call.elements());
        group_norm(current(), call, from, gamma, beta, to, found);
      }
      return py::make_tuple(y, moments);
    });
  }

  py::tuple backward(const py::array& x, const py::array& moments, const Arrays& weights, const py::array& d_y,
                     bool need_d_x) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      check_count(weights.size(), config.count(), "weights");
      const Groups call = groups_of<T>(x);
      const T *from = data_of<T>(x, "x"), *found = data_of<T>(moments, "moments", {call.batch, groups, 2}),
              *d = data_of<T>(d_y, "d_y", shape_of(x)), *gamma = config.gamma<T>(weights, features);
      py::array_t<T> d_x = new_array<T>(need_d_x ? shape_of(x) : Shape{0}), d_gamma = new_array<T>({features}),
                     d_beta = new_array<T>({features});
      T *to = need_d_x ? d_x.mutable_data() : nullptr, *of_gamma = d_gamma.mutable_data(),
        *of_beta = d_beta.mutable_data();
      {
        const ReleaseGil release(20.0 * call.elements());
        group_norm_gradient(current(), call, from, found, gamma, d, to, of_gamma, of_beta);
      }
      return py::make_tuple(need_d_x ? py::object(d_x) : py::none(), present(config, d_gamma, d_beta));
    });
  }

  const int64_t groups, features;
  const Normalization config;
};

struct RMSNormalization final : TypedOperator<RMSNormalization> {
  explicit RMSNormalization(double epsilon) : epsilon(epsilon) {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights) const {
    check_count(weights.size(), 1, "weights");
    const T* scale = data_of<T>(weights[0], "scale", {-1});
    return std::make_unique<RmsNormStep<T>>(current(), epsilon, weights[0].shape(0), scale);
  }

  py::tuple forward(const py::array& x, const py::array& scale) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      const T* from = data_of<T>(x, "x");
      const int64_t F = features_of(x, "x"), N = x.size() / F;
      const T* factors = data_of<T>(scale, "scale", {F});
      py::array_t<T> y = new_array<T>(shape_of(x)), inverse = new_array<T>({N});
      T *to = y.mutable_data(), *found = inverse.mutable_data();
      {
        const ReleaseGil release(10.0 * N * F);
        rms_norm(current(), N, F, epsilon, from, factors, to, found);
      }
      return py::make_tuple(y, inverse);
    });
  }

  py::tuple backward(const py::array& x, const py::array& inverse, const py::array& scale, const py::array& d_y,
                     bool need_d_x) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      const int64_t F = features_of(x, "x"), N = x.size() / F;
      const T *from = data_of<T>(x, "x"), *found = data_of<T>(inverse, "inverse", {N}),
              *factors = data_of<T>(scale, "scale", {F}), *d = data_of<T>(d_y, "d_y", shape_of(x));
      py::array_t<T> d_x = new_array<T>(need_d_x ? shape_of(x) : Shape{0}), d_scale = new_array<T>({F});
      T *to = need_d_x ? d_x.mutable_data() : nullptr, *of_scale = d_scale.mutable_data();
      {
        const ReleaseGil release(20.0 * N * F);
        rms_norm_gradient(N, F, from, found, factors, d, to, of_scale);
      }
      return py::make_tuple(need_d_x ? py::object(d_x) : py::none(), d_scale);
    });
  }

  const double epsilon;
};

}  // namespace

void bind_group_normalization(py::module_& m) {
  using namespace py::literals;

  py::class_<GroupNormalization, Operator>(m, "GroupNormalization")
      .def(py::init([](int64_t groups, int64_t features, double epsilon, bool center, bool scale) {
             if (positive(features, "features") % positive(groups, "groups") != 0)
               throw py::value_error("argument `groups` expected a divisor of the features, received " +
                                     std::to_string(groups) + ".");
             return GroupNormalization(groups, features, epsilon, center, scale);
           }),
           "groups"_a, "features"_a, py::kw_only(), "epsilon"_a = 1e-3, "center"_a = true, "scale"_a = true)
      .def("forward", &GroupNormalization::forward, "x"_a, "weights"_a)
      .def("backward", &GroupNormalization::backward, "x"_a, "moments"_a, "weights"_a, "d_y"_a, "need_d_x"_a = true);

  py::class_<RMSNormalization, Operator>(m, "RMSNormalization")
      .def(py::init<double>(), "epsilon"_a = 1e-6)
      .def("forward", &RMSNormalization::forward, "x"_a, "scale"_a)
      .def("backward", &RMSNormalization::backward, "x"_a, "inverse"_a, "scale"_a, "d_y"_a, "need_d_x"_a = true);

  bind_plain<UnitLength>(m, "UnitNormalization")
      .def(py::init([](int64_t first, int64_t last) { return Plain<UnitLength>({first, last}); }), "first"_a, "last"_a);
}

}  // namespace tidegate::python
