// Operators: one native layer's configuration, with forward and backward.
#include <pybind11/stl.h>

#include <array>
#include <variant>

#include "bindings/operator.hpp"
#include "program/bidirectional_step.hpp"
#include "program/time_distributed_step.hpp"

namespace tidegate::python {
namespace {

// Of the products of an embedding's rows: beyond this they are made as they are needed.
constexpr double kMostTableBytes = 64 << 20;

using OptionalArrays = std::optional<std::vector<OptionalArray>>;

// Dropout within a recurrent layer: bool [B, G, F] of inputs and [B, G, U] of states, True where an element stays.
struct Dropout {
  OptionalArray inputs, states;
  double inputs_rate = 0, states_rate = 0;

  GateMasks masks(int64_t B, int64_t gates, int64_t F, int64_t U) const {
    GateMasks masks{};
    const auto data = [](const OptionalArray& array, const char* name, const Shape& shape) {
      return array ? reinterpret_cast<const uint8_t*>(data_of<bool>(*array, name, shape)) : nullptr;
    };
    masks.x = data(inputs, "input_dropout", {B, gates, F});
    masks.h = data(states, "state_dropout", {B, gates, U});
    masks.x_scale = 1 / (1 - inputs_rate), masks.h_scale = 1 / (1 - states_rate);
    return masks;
  }
};

// What a forward pass keeps for its backward pass: arrays of the caller, held alive, and native buffers.
struct Kept {
  Arrays arrays;
  std::variant<std::monostate, KeptRecurrent<float>, KeptRecurrent<double>> recurrent;
  OptionalArray mask;
  Dropout dropout;
  Shape shape;
  const InstructionSet* set = &current();

  size_t bytes() const {
    size_t total = 0;
    for (const py::array& a : arrays) total += static_cast<size_t>(a.nbytes());
    if (const auto* k = std::get_if<KeptRecurrent<float>>(&recurrent)) total += k->bytes();
    if (const auto* k = std::get_if<KeptRecurrent<double>>(&recurrent)) total += k->bytes();
    return total;
  }
};

class Recurrent final : public TypedOperator<Recurrent> {
 public:
  const RecurrentConfig config;

  explicit Recurrent(const RecurrentConfig& config) : config(config) {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights, Packing& packing) const {
    return std::make_unique<RecurrentStep<T>>(recurrent_step<T>(weights, packing));
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step_on_ids(const Arrays& weights, const py::array& embedding, Packing& packing) const {
    if (table_bytes<T>(config, embedding.shape(0)) > kMostTableBytes) return nullptr;
    return std::make_unique<RecurrentStep<T>>(recurrent_step<T>(weights, packing, &embedding));
  }

  size_t weight_count() const { return config.use_bias ? 3 : 2; }

  // After an embedding [rows, features], unless that is null: on the numbers of its rows.
  template <class T>
  RecurrentStep<T> recurrent_step(const Arrays& weights, Packing& packing, const py::array* embedding = nullptr) const {
    check_count(weights.size(), weight_count(), "weights");
    data_of<T>(weights[0], "kernel", {-1, columns()});
    const int64_t features = positive(weights[0].shape(0), "features");
    PackedRecurrent<T> packed(packing, config, features, weights_of<T>(weights, features));
    if (embedding)
      packed.premultiply(packing, config, data_of<T>(*embedding, "embeddings", {-1, features}), embedding->shape(0));
    return RecurrentStep<T>(config, std::move(packed));
  }

  py::tuple forward(const py::array& x, const Arrays& weights, const OptionalArrays& states, const OptionalArray& mask,
                    bool keep, const OptionalArray& input_dropout, double input_rate,
                    const OptionalArray& state_dropout, double state_rate) const {
    for (const double rate : {input_rate, state_rate})
      if (!(rate >= 0 && rate < 1))
        throw py::value_error("argument `rate` expected 0 to less than 1, received " + std::to_string(rate) + ".");
    const Dropout dropout{input_dropout, state_dropout, input_rate, state_rate};
    return with_element(
        x, "x", [&](auto element) { return forward_of<decltype(element)>(x, weights, states, mask, keep, dropout); });
  }

  py::tuple backward(const Kept& kept, const OptionalArray& d_y, const OptionalArrays& d_states, bool need_d_x) const {
    if (const auto* k = std::get_if<KeptRecurrent<float>>(&kept.recurrent))
      return backward_of(kept, *k, d_y, d_states, need_d_x);
    if (const auto* k = std::get_if<KeptRecurrent<double>>(&kept.recurrent))
      return backward_of(kept, *k, d_y, d_states, need_d_x);
    throw py::value_error("argument `kept` expected what this operator's forward kept.");
  }

 private:
  int64_t columns() const { return config.layout().gates * config.units; }
  size_t state_count() const { return static_cast<size_t>(config.layout().states); }
  Shape bias_shape() const { return config.bias_rows() == 2 ? Shape{2, columns()} : Shape{columns()}; }

  template <class T>
  RecurrentWeights<T> weights_of(const Arrays& weights, int64_t features) const {
    check_count(weights.size(), weight_count(), "weights");
    return {data_of<T>(weights[0], "kernel", {features, columns()}),
            data_of<T>(weights[1], "recurrent_kernel", {config.units, columns()}),
            config.use_bias ? data_of<T>(weights[2], "bias", bias_shape()) : nullptr};
  }

  template <class T>
  void states_of(const OptionalArrays& states, int64_t batch, const char* name, const T* (&to)[2]) const {
    if (!states) return;
    check_count(states->size(), state_count(), name);
    for (size_t i = 0; i < state_count(); ++i)
      if ((*states)[i]) to[i] = data_of<T>(*(*states)[i], name, {batch, config.units});
  }

  template <class T>
  py::tuple forward_of(const py::array& x, const Arrays& weights, const OptionalArrays& states,
                       const OptionalArray& mask, bool keep, const Dropout& dropout) const {
    RecurrentForward<T> call{};
    call.x = data_of<T>(x, "x", {-1, -1, -1});
    const int64_t B = x.shape(0), steps = x.shape(1), F = x.shape(2), U = config.units;
    if (steps == 0)
      throw py::value_error("argument `x` expected at least one timestep, received shape " + text(shape_of(x)) + ".");
    call.shape = {B, steps, F};
    const RecurrentWeights<T> canonical = weights_of<T>(weights, F);
    states_of(states, B, "states", call.states);
    if (mask) call.mask = reinterpret_cast<const uint8_t*>(data_of<bool>(*mask, "mask", {B, steps}));
    call.dropout = dropout.masks(B, config.layout().gates, F, U);
    py::array_t<T> y = new_array<T>(config.return_sequences ? Shape{B, steps, U} : Shape{B, U});
    call.y = outputs_in(y.mutable_data(), config, call.shape);
    py::list final_states;
    for (size_t i = 0; i < state_count(); ++i) {
      py::array_t<T> state = new_array<T>({B, U});
      call.final_states[i] = state.mutable_data();
      final_states.append(state);
    }
    std::unique_ptr<Kept> kept;
    KeptRecurrent<T>* native = nullptr;
    if (keep) {
      kept = std::make_unique<Kept>();
      kept->arrays = weights;
      kept->arrays.insert(kept->arrays.begin(), x);
      kept->mask = mask;
      kept->dropout = dropout;
      kept->shape = shape_of(y);
      native = &kept->recurrent.template emplace<KeptRecurrent<T>>();
    }
    run_recurrent(2.0 * B * steps * (F + U) * columns(), [&] {
      Packing packing(current());
      const PackedRecurrent<T> packed = call.dropout.any() ? PackedRecurrent<T>::by_gate(packing, config, F, canonical)
                                                           : PackedRecurrent<T>(packing, config, F, canonical);
      tidegate::forward(config, packed, call, native);
    });
    return py::make_tuple(y, final_states, kept ? py::cast(std::move(kept)) : py::none());
  }

  template <class T>
  py::tuple backward_of(const Kept& kept, const KeptRecurrent<T>& native, const OptionalArray& d_y,
                        const OptionalArrays& d_states, bool need_d_x) const {
    const py::array& x = kept.arrays[0];
    const int64_t B = x.shape(0), steps = x.shape(1), F = x.shape(2), U = config.units;
    RecurrentBackward<T> call{};
    call.x = static_cast<const T*>(x.data());
    call.weights = weights_of<T>(Arrays(kept.arrays.begin() + 1, kept.arrays.end()), F);
    if (kept.mask) call.mask = static_cast<const uint8_t*>(kept.mask->data());
    call.dropout = kept.dropout.masks(B, config.layout().gates, F, U);
    if (d_y) call.d_y = data_of<T>(*d_y, "d_y", kept.shape);
    states_of(d_states, B, "d_states", call.d_final_states);
    py::object d_x = py::none();
    if (need_d_x) {
      py::array_t<T> array = new_array<T>({B, steps, F});
      call.d_x = array.mutable_data();
      d_x = array;
    }
    py::list d_weights, d_initial;
    for (T** to : {&call.d_kernel, &call.d_recurrent_kernel, &call.d_bias}) {
      const size_t i = d_weights.size();
      if (i + 1 == kept.arrays.size()) break;
      py::array_t<T> gradient = new_array<T>(shape_of(kept.arrays[i + 1]));
      *to = gradient.mutable_data();
      if (B == 0) std::fill_n(*to, gradient.size(), T(0));
      d_weights.append(gradient);
    }
    for (size_t i = 0; i < state_count(); ++i) {
      py::array_t<T> gradient = new_array<T>({B, U});
      call.d_states[i] = gradient.mutable_data();
      d_initial.append(gradient);
    }
    if (B > 0) run_recurrent(6.0 * B * steps * (F + U) * columns(), [&] { tidegate::backward(config, native, call); });
    return py::make_tuple(d_x, d_weights, d_initial);
  }
};

// The two directions, for a Program; training calls each by itself.
class Bidirectional final : public TypedOperator<Bidirectional> {
 public:
  Bidirectional(const Recurrent& forwards, const Recurrent& backwards, Merge merge)
      : forwards(forwards), backwards(backwards), merge(merge) {
    if (forwards.config.return_sequences != backwards.config.return_sequences)
      throw py::value_error("argument `backwards` expected the same return_sequences as `forwards`.");
    if (merge != Merge::concat && forwards.config.units != backwards.config.units)
      throw py::value_error("argument `backwards` expected " + std::to_string(forwards.config.units) +
                            " units, as `forwards` has, received " + std::to_string(backwards.config.units) + ".");
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights, Packing& packing) const {
    return both<T>(weights, packing, nullptr);
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step_on_ids(const Arrays& weights, const py::array& embedding, Packing& packing) const {
    const int64_t rows = embedding.shape(0);
    if (table_bytes<T>(forwards.config, rows) + table_bytes<T>(backwards.config, rows) > kMostTableBytes)
      return nullptr;
    return both<T>(weights, packing, &embedding);
  }

 private:
  template <class T>
  std::unique_ptr<Step<T>> both(const Arrays& weights, Packing& packing, const py::array* embedding) const {
    check_count(weights.size(), forwards.weight_count() + backwards.weight_count(), "weights");
    const auto middle = weights.begin() + static_cast<std::ptrdiff_t>(forwards.weight_count());
    RecurrentStep<T> there = forwards.recurrent_step<T>({weights.begin(), middle}, packing, embedding);
    RecurrentStep<T> back = backwards.recurrent_step<T>({middle, weights.end()}, packing, embedding);
    return std::make_unique<BidirectionalStep<T>>(merge, std::move(there), std::move(back));
  }

  const Recurrent forwards, backwards;
  const Merge merge;
};

// Another operator on every timestep, for a Program.
class TimeDistributed final : public TypedOperator<TimeDistributed> {
 public:
  explicit TimeDistributed(const Operator& inner) : inner(inner) {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights, Packing& packing) const {
    return std::make_unique<TimeDistributedStep<T>>(inner.step(weights, packing, T{}));
  }

 private:
  const Operator& inner;
};

class Dense final : public TypedOperator<Dense> {
 public:
  explicit Dense(const DenseConfig& config) : config(config) {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights, Packing& packing) const {
    check_count(weights.size(), config.use_bias ? 2 : 1, "weights");
    data_of<T>(weights[0], "kernel", {-1, config.units});
    const int64_t features = positive(weights[0].shape(0), "features");
    return std::make_unique<DenseStep<T>>(config, pack<T>(weights, features, packing));
  }

  py::tuple forward(const py::array& x, const Arrays& weights, bool keep) const {
    return with_element(x, "x", [&](auto element) { return forward_of<decltype(element)>(x, weights, keep); });
  }

  py::tuple backward(const Kept& kept, const py::array& d_y, bool need_d_x) const {
    if (kept.recurrent.index() != 0)
      throw py::value_error("argument `kept` expected what this operator's forward kept.");
    return with_element(d_y, "d_y", [&](auto element) { return backward_of<decltype(element)>(kept, d_y, need_d_x); });
  }

 private:
  template <class T>
  std::array<const T*, 2> weights_of(const Arrays& weights, int64_t features) const {
    check_count(weights.size(), config.use_bias ? 2 : 1, "weights");
    return {data_of<T>(weights[0], "kernel", {features, config.units}),
            config.use_bias ? data_of<T>(weights[1], "bias", {config.units}) : nullptr};
  }

  template <class T>
  PackedDense<T> pack(const Arrays& weights, int64_t features, Packing& packing) const {
    const auto [kernel, bias] = weights_of<T>(weights, features);
    return PackedDense<T>(packing, config, features, kernel, bias);
  }

  template <class T>
  py::tuple forward_of(const py::array& x, const Arrays& weights, bool keep) const {
    const T* data = data_of<T>(x, "x");
    if (x.ndim() < 2)
      throw py::value_error("argument `x` expected rank 2 or more, received shape " + text(shape_of(x)) + ".");
    Shape shape = shape_of(x);
    const int64_t F = shape.back();
    Packing packing(current());
    const PackedDense<T> packed = pack<T>(weights, F, packing);
    shape.back() = config.units;
    py::array_t<T> y = new_array<T>(shape);
    const int64_t rows = elements(shape) / config.units;
    std::unique_ptr<Kept> kept;
    T* sums = nullptr;
    if (keep) {
      kept = std::make_unique<Kept>();
      kept->shape = shape;
      kept->arrays = {x, weights[0], y};
      if (config.activation != Activation::linear) {
        py::array_t<T> array = new_array<T>(shape);
        sums = array.mutable_data();
        kept->arrays.push_back(array);
      }
    }
    T* to = y.mutable_data();
    {
      const ReleaseGil release(2.0 * rows * F * config.units);
      tidegate::forward(config, packed, rows, data, to, sums);
    }
    return py::make_tuple(y, kept ? py::cast(std::move(kept)) : py::none());
  }

  template <class T>
  py::tuple backward_of(const Kept& kept, const py::array& d_y, bool need_d_x) const {
    const py::array &x = kept.arrays[0], &kernel = kept.arrays[1];
    DenseBackward<T> call{};
    call.d_y = data_of<T>(d_y, "d_y", kept.shape);
    call.x = data_of<T>(x, "x");
    call.kernel = static_cast<const T*>(kernel.data());
    call.features = kernel.shape(0);
    call.rows = elements(kept.shape) / config.units;
    if (config.activation != Activation::linear) {
      call.y = static_cast<const T*>(kept.arrays[2].data());
      call.sums = static_cast<const T*>(kept.arrays[3].data());
    }
    py::object d_x = py::none();
    if (need_d_x) {
      py::array_t<T> array = new_array<T>(shape_of(x));
      call.d_x = array.mutable_data();
      d_x = array;
    }
    py::list d_weights;
    py::array_t<T> d_kernel = new_array<T>(shape_of(kernel));
    call.d_kernel = d_kernel.mutable_data();
    d_weights.append(d_kernel);
    if (config.use_bias) {
      py::array_t<T> d_bias = new_array<T>({config.units});
      call.d_bias = d_bias.mutable_data();
      d_weights.append(d_bias);
    }
    {
      const ReleaseGil release(4.0 * call.rows * call.features * config.units);
      tidegate::backward(*kept.set, config, call);
    }
    return py::make_tuple(d_x, d_weights);
  }

  const DenseConfig config;
};

Cell cell_named(const std::string& name, bool reset_after) {
  if (name == "lstm") return Cell::lstm;
  if (name == "gru") return reset_after ? Cell::gru : Cell::gru_reset_before;
  if (name == "simple_rnn") return Cell::simple_rnn;
  throw py::value_error("argument `cell` expected 'lstm', 'gru' or 'simple_rnn', received '" + name + "'.");
}

int64_t positive_units(int64_t units) { return positive(units, "units"); }

}  // namespace

void bind_operators(py::module_& m) {
  using namespace py::literals;
  py::class_<Kept>(m, "Kept").def_property_readonly("nbytes", &Kept::bytes);
  py::class_<Operator>(m, "Operator");

  py::class_<Recurrent, Operator>(m, "Recurrent")
      .def(py::init([](const std::string& cell, int64_t units, const std::string& activation,
                       const std::string& recurrent_activation, bool use_bias, bool reset_after, bool return_sequences,
                       bool go_backwards, bool zero_output_for_mask) {
             return Recurrent({cell_named(cell, reset_after), positive_units(units), activation_named(activation),
                               activation_named(recurrent_activation), use_bias, return_sequences, go_backwards,
                               zero_output_for_mask});
           }),
           "cell"_a, "units"_a, py::kw_only(), "activation"_a = "tanh", "recurrent_activation"_a = "sigmoid",
           "use_bias"_a = true, "reset_after"_a = true, "return_sequences"_a = false, "go_backwards"_a = false,
           "zero_output_for_mask"_a = false)
      .def("forward", &Recurrent::forward, "x"_a, "weights"_a, "states"_a = py::none(), "mask"_a = py::none(),
           "keep"_a = false, "input_dropout"_a = py::none(), "input_rate"_a = 0.0, "state_dropout"_a = py::none(),
           "state_rate"_a = 0.0)
      .def("backward", &Recurrent::backward, "kept"_a, "d_y"_a = py::none(), "d_states"_a = py::none(),
           "need_d_x"_a = true);

  py::class_<Bidirectional, Operator>(m, "Bidirectional")
      .def(py::init([](const Recurrent& forwards, const Recurrent& backwards, const std::string& merge_mode) {
             return Bidirectional(forwards, backwards, merge_named(merge_mode));
           }),
           "forwards"_a, "backwards"_a, "merge_mode"_a = "concat");

  py::class_<TimeDistributed, Operator>(m, "TimeDistributed")
      .def(py::init<const Operator&>(), "inner"_a, py::keep_alive<1, 2>());

  py::class_<Dense, Operator>(m, "Dense")
      .def(py::init([](int64_t units, const std::string& activation, bool use_bias) {
             return Dense({positive_units(units), activation_named(activation), use_bias});
           }),
           "units"_a, py::kw_only(), "activation"_a = "linear", "use_bias"_a = true)
      .def("forward", &Dense::forward, "x"_a, "weights"_a, "keep"_a = false)
      .def("backward", &Dense::backward, "kept"_a, "d_y"_a, "need_d_x"_a = true);
}

}  // namespace tidegate::python
