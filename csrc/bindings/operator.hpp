// What every Operator is: one native layer's configuration, which makes a step of a Program when it gets weights.
#pragma once

#include <memory>

#include "bindings/arrays.hpp"
#include "dispatch/packing.hpp"

namespace tidegate::python {

using OptionalArray = std::optional<py::array>;
using Arrays = std::vector<py::array>;

struct Operator {
  virtual ~Operator() = default;
  virtual std::unique_ptr<Step<float>> step(const Arrays& weights, Packing& packing, float) const = 0;
  virtual std::unique_ptr<Step<double>> step(const Arrays& weights, Packing& packing, double) const = 0;

  // An embedding and the layer after it, folded: the embedding's step hands on the ids, and the next one, which is
  // given the embedding's table, starts from products that it made of all its rows. Null where there is no such step.
  virtual std::unique_ptr<Step<float>> step_of_ids(Packing&, float) const = 0;
  virtual std::unique_ptr<Step<double>> step_of_ids(Packing&, double) const = 0;
  virtual std::unique_ptr<Step<float>> step_on_ids(const Arrays&, const py::array& table, Packing&, float) const = 0;
  virtual std::unique_ptr<Step<double>> step_on_ids(const Arrays&, const py::array& table, Packing&, double) const = 0;
};

inline void check_count(size_t count, size_t expected, const char* name) {
  if (count != expected)
    throw py::value_error(std::string("argument `") + name + "` expected " + std::to_string(expected) +
                          " arrays, received " + std::to_string(count) + ".");
}

inline int64_t positive(int64_t value, const char* name) {
  if (value > 0) return value;
  throw py::value_error(std::string("argument `") + name + "` expected a positive integer, received " +
                        std::to_string(value) + ".");
}

inline const uint8_t* mask_of(const OptionalArray& mask, const Shape& shape) {
  return mask ? reinterpret_cast<const uint8_t*>(data_of<bool>(*mask, "mask", shape)) : nullptr;
}

// Steps for either element type from templates: Derived::make_step<T>(weights), or (weights, packing) where there is
// something to pack; and of those that can be folded, make_step_of_ids<T>(packing) or make_step_on_ids<T>(weights,
// embedding, packing). They must be public.
template <class Derived>
struct TypedOperator : Operator {
  std::unique_ptr<Step<float>> step(const Arrays& weights, Packing& packing, float) const override {
    return step_of<float>(weights, packing);
  }
  std::unique_ptr<Step<double>> step(const Arrays& weights, Packing& packing, double) const override {
    return step_of<double>(weights, packing);
  }
  std::unique_ptr<Step<float>> step_of_ids(Packing& packing, float) const override { return of_ids<float>(packing); }
  std::unique_ptr<Step<double>> step_of_ids(Packing& packing, double) const override { return of_ids<double>(packing); }
  std::unique_ptr<Step<float>> step_on_ids(const Arrays& weights, const py::array& embedding, Packing& packing,
                                           float) const override {
    return on_ids<float>(weights, embedding, packing);
  }
  std::unique_ptr<Step<double>> step_on_ids(const Arrays& weights, const py::array& embedding, Packing& packing,
                                            double) const override {
    return on_ids<double>(weights, embedding, packing);
  }

 private:
  const Derived& self() const { return *static_cast<const Derived*>(this); }

  template <class T>
  std::unique_ptr<Step<T>> step_of(const Arrays& weights, [[maybe_unused]] Packing& packing) const {
    if constexpr (requires { self().template make_step<T>(weights, packing); })
      return self().template make_step<T>(weights, packing);
    else
      return self().template make_step<T>(weights);
  }

  template <class T>
  std::unique_ptr<Step<T>> of_ids([[maybe_unused]] Packing& packing) const {
    if constexpr (requires { self().template make_step_of_ids<T>(packing); })
      return self().template make_step_of_ids<T>(packing);
    else
      return nullptr;
  }

  template <class T>
  std::unique_ptr<Step<T>> on_ids([[maybe_unused]] const Arrays& weights, [[maybe_unused]] const py::array& embedding,
                                  [[maybe_unused]] Packing& packing) const {
    if constexpr (requires { self().template make_step_on_ids<T>(weights, embedding, packing); })
      return self().template make_step_on_ids<T>(weights, embedding, packing);
    else
      return nullptr;
  }
};

}  // namespace tidegate::python
