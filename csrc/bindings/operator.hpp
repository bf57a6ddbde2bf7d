// What every native layer's operator gives to a Program.
#pragma once

#include "bindings/arrays.hpp"

namespace tidegate::python {

using Arrays = std::vector<py::array>;

struct Operator {
  virtual ~Operator() = default;
  virtual std::unique_ptr<Step<float>> step(const Arrays& weights, float) const = 0;
  virtual std::unique_ptr<Step<double>> step(const Arrays& weights, double) const = 0;
};

}  // namespace tidegate::python
