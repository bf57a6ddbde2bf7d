// A whole model as a flat list of native steps with packed weights. Immutable once made: any number of threads may run
// it at the same time, each with scratch memory of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dispatch/dense.hpp"
#include "dispatch/recurrent.hpp"
#include "program/description.hpp"

namespace tidegate {

// Extents of an array, the batch first.
using Shape = std::vector<int64_t>;

// Throws std::bad_alloc where there are more than memory could hold.
int64_t elements(const Shape& shape);

// Throws std::invalid_argument: what `layer` expected of its input, and the shape that came.
[[noreturn]] void refuse(const char* layer, const std::string& expected, const Shape& received);

// What comes to a step beside its input.
template <class T>
struct Carried {
  // States that the step starts from and that become those after its last timestep, one for each of state_lengths();
  // null for zeros.
  T* const* states = nullptr;
  // [B, T], 0 where a timestep does not count; null where all do.
  const uint8_t* mask = nullptr;
};

template <class T>
class Step {
 public:
  virtual ~Step() = default;
  // Throws std::invalid_argument for a shape that the step cannot take.
  virtual Shape output_shape(const Shape& input) const = 0;
  virtual void run(const Shape& input, const T* x, T* y) const = 0;
  // Whether chunk after chunk of a sequence, with carried states, gives what the whole sequence would.
  virtual bool streams() const { return false; }
  // Lengths of the states to carry, each [B, length].
  virtual std::vector<int64_t> state_lengths() const { return {}; }
  virtual void run(const Shape& input, const T* x, T* y, const Carried<T>&) const { run(input, x, y); }
  // Whether this step and the next one are better run at once, on different threads.
  virtual bool pays_with_next(const Step<T>&, const Shape&) const { return false; }
  // Does so, without a mask; `between` is the output of this one, `states` are those of both, or null.
  virtual void run_with_next(const Step<T>&, const Shape&, const T*, T*, T*, T* const*) const {}
  // Whether a mask of the input is one of the output too.
  virtual bool passes_mask() const { return false; }
  // Whether the step makes the mask of its output itself, from its input: it forgets one that came, as in Keras.
  virtual bool makes_mask() const { return false; }
  // That mask [B, T], empty where every timestep counts. It is also the one that such a step is run with.
  virtual Array<uint8_t> make_mask(const Shape&, const T*) const { return {}; }
  // Whether the output is the input under another shape: such a step is not run, and nothing is copied for it.
  virtual bool only_reshapes() const { return false; }
  virtual size_t packed_bytes() const = 0;
  virtual double flops(const Shape& input) const = 0;
  // For an input that output_shape() takes, of at least one row.
  virtual Description describe(const Shape& input) const = 0;
};

template <class T>
class RecurrentStep final : public Step<T> {
 public:
  RecurrentStep(const RecurrentConfig& config, PackedRecurrent<T> weights);
  Shape output_shape(const Shape& input) const override;
  void run(const Shape& input, const T* x, T* y) const override { run(input, x, y, {}); }
  void run(const Shape& input, const T* x, T* y, const Carried<T>& carried) const override;
  bool streams() const override { return !config_.go_backwards; }
  std::vector<int64_t> state_lengths() const override;
  bool passes_mask() const override { return config_.return_sequences; }
  size_t packed_bytes() const override { return weights_.bytes(); }
  double flops(const Shape& input) const override;
  Description describe(const Shape& input) const override;
  const RecurrentConfig& config() const { return config_; }
  const PackedRecurrent<T>& weights() const { return weights_; }

  bool pays_with_next(const Step<T>& next, const Shape& input) const override;
  void run_with_next(const Step<T>& next, const Shape& input, const T* x, T* between, T* y,
                     T* const* states) const override;

 private:
  RecurrentForward<T> call_of(const Shape& input, const T* x, T* y, T* const* states) const;

  RecurrentConfig config_;
  PackedRecurrent<T> weights_;
};

template <class T>
class DenseStep final : public Step<T> {
 public:
  DenseStep(const DenseConfig& config, PackedDense<T> weights);
  Shape output_shape(const Shape& input) const override;
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override;
  bool streams() const override { return true; }
  bool passes_mask() const override { return true; }
  size_t packed_bytes() const override { return weights_.bytes(); }
  double flops(const Shape& input) const override;
  Description describe(const Shape& input) const override;

 private:
  DenseConfig config_;
  PackedDense<T> weights_;
};

// A layer that does nothing in inference, such as Dropout.
template <class T>
class NothingStep final : public Step<T> {
 public:
  Shape output_shape(const Shape& input) const override { return input; }
  using Step<T>::run;
  void run(const Shape&, const T*, T*) const override {}
  bool streams() const override { return true; }
  bool passes_mask() const override { return true; }
  bool only_reshapes() const override { return true; }
  size_t packed_bytes() const override { return 0; }
  double flops(const Shape&) const override { return 0; }
  Description describe(const Shape&) const override { return {.runs = "nothing"}; }
};

template <class T>
class Program {
 public:
  using Steps = std::vector<std::unique_ptr<Step<T>>>;

  // `names` are those of the layers, one for each step.
  Program(Steps steps, std::vector<std::string> names) : steps_(std::move(steps)), names_(std::move(names)) {}

  const Steps& steps() const { return steps_; }
  const std::vector<std::string>& names() const { return names_; }

  // The shapes before each step and after the last.
  std::vector<Shape> shapes(const Shape& input) const;
  double flops(const std::vector<Shape>& shapes) const;
  // The mask of the output, if a step has made one; empty otherwise.
  Array<uint8_t> run(const std::vector<Shape>& shapes, const T* x, T* y, Carried<T> carried = {}) const;
  // Lengths of the states that a stream carries, those of all steps in turn.
  std::vector<int64_t> state_lengths() const;
  // The first step that needs a whole sequence at once, -1 if there is none.
  int64_t first_without_streams() const;
  size_t packed_bytes() const;

 private:
  // The next step after i that is run, if all between them hand on the output of i as it is.
  size_t next_to_run(size_t i, const std::vector<Shape>& shapes) const;

  Steps steps_;
  std::vector<std::string> names_;
};

}  // namespace tidegate
