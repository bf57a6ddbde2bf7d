// What the operators of normalizations share.
#pragma once

#include <pybind11/stl.h>

#include "bindings/operator.hpp"
#include "program/normalization_steps.hpp"

namespace tidegate::python {

// What normalizations check and point to. Weights come as gamma, beta and then what else there is.
struct Normalization {
  double epsilon;
  bool center, scale;

  size_t count() const { return size_t{center} + size_t{scale}; }

  template <class T>
  const T* gamma(const Arrays& weights, int64_t F) const {
    return scale ? data_of<T>(weights[0], "gamma", {F}) : nullptr;
  }
  template <class T>
  const T* beta(const Arrays& weights, int64_t F) const {
    return center ? data_of<T>(weights[scale], "beta", {F}) : nullptr;
  }
};

inline int64_t features_of(const py::array& x, const char* name) {
  if (x.ndim() < 2 || x.shape(x.ndim() - 1) == 0)
    throw py::value_error(std::string("argument `") + name + "` expected rank 2 or more and features, received shape " +
                          text(shape_of(x)) + ".");
  return x.shape(x.ndim() - 1);
}

// Gradients of gamma and beta, as many as there are.
template <class T>
py::list present(const Normalization& config, const py::array_t<T>& d_gamma, const py::array_t<T>& d_beta) {
  py::list gradients;
  if (config.scale) gradients.append(d_gamma);
  if (config.center) gradients.append(d_beta);
  return gradients;
}

}  // namespace tidegate::python
