// The operator of a ConvLSTM over time.
#include <pybind11/stl.h>

#include <variant>

#include "bindings/conv.hpp"
#include "bindings/operator.hpp"
#include "program/conv_lstm_step.hpp"

namespace tidegate::python {
namespace {

using OptionalArrays = std::optional<std::vector<OptionalArray>>;

// What a forward pass keeps for its backward pass: arrays of the caller, held alive, and native buffers.
struct KeptConvLSTM {
  Arrays arrays;  // x, and the weights
  std::variant<KeptConvLstm<float>, KeptConvLstm<double>> native;
  OptionalArray mask, state_dropout;
  double state_rate;
  Shape output, states;

  size_t bytes() const {
    size_t total = 0;
    for (const py::array& a : arrays) total += static_cast<size_t>(a.nbytes());
    return total + std::visit([](const auto& kept) { return kept.bytes(); }, native);
  }
};

struct ConvLSTM1D final : TypedOperator<ConvLSTM1D> {
  explicit ConvLSTM1D(const ConvLstmConfig& config) : config(config) {
    if (config.stride > 1 && config.dilation > 1)
      throw py::value_error("argument `dilation_rate` expected 1 with strides, received " +
                            std::to_string(config.dilation) + ".");
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights, Packing& packing) const {
    return std::make_unique<ConvLstmStep<T>>(config, pack<T>(weights, packing, 1, 1));
  }

  py::tuple forward(const py::array& x, const Arrays& weights, const OptionalArrays& states, const OptionalArray& mask,
                    bool keep, const OptionalArray& state_dropout, double state_rate) const {
    if (!(state_rate >= 0 && state_rate < 1))
      throw py::value_error("argument `state_rate` expected 0 to less than 1, received " + std::to_string(state_rate) +
                            ".");
    return with_element(x, "x", [&](auto element) {
      return forward_of<decltype(element)>(x, weights, states, mask, keep, state_dropout, state_rate);
    });
  }

  py::tuple backward(const KeptConvLSTM& kept, const OptionalArray& d_y, const OptionalArrays& d_states,
                     bool need_d_x) const {
    return std::visit([&](const auto& native) { return backward_of(kept, native, d_y, d_states, need_d_x); },
                      kept.native);
  }

 private:
  template <class T>
  int64_t check(const Arrays& weights) const {
    const int64_t K = config.kernel_size, U = config.filters;
    check_count(weights.size(), config.use_bias ? 3 : 2, "weights");
    data_of<T>(weights[0], "kernel", {K, -1, 4 * U});
    data_of<T>(weights[1], "recurrent_kernel", {K, U, 4 * U});
    if (config.use_bias) data_of<T>(weights[2], "bias", {4 * U});
    return positive(weights[0].shape(1), "features");
  }

  template <class T>
  PackedConvLstm<T> pack(const Arrays& weights, Packing& packing, int64_t groups, int64_t recurrent_groups) const {
    const int64_t features = check<T>(weights);
    const auto data = [&](size_t i) { return static_cast<const T*>(weights[i].data()); };
    return PackedConvLstm<T>(packing, config, features, groups, recurrent_groups, data(0), data(1),
                             config.use_bias ? data(2) : nullptr);
  }

  template <class T>
  static void states_of(const OptionalArrays& states, const char* name, const Shape& shape, const T* (&to)[2]) {
    if (!states) return;
    check_count(states->size(), 2, name);
    for (size_t i = 0; i < 2; ++i)
      if ((*states)[i]) to[i] = data_of<T>(*(*states)[i], name, shape);
  }

  template <class T>
  py::tuple forward_of(const py::array& x, const Arrays& weights, const OptionalArrays& states,
                       const OptionalArray& mask, bool keep, const OptionalArray& state_dropout,
                       double state_rate) const {
    ConvLstmForward<T> call{};
    call.x = data_of<T>(x, "x", {-1, -1, -1, -1});
    const int64_t features = check<T>(weights), groups = x.shape(3) == 4 * features ? 4 : 1;
    call.shape = {x.shape(0), x.shape(1), x.shape(2), x.shape(3) / groups};
    const int64_t B = call.shape.batch, windows = config.windows(call.shape.positions), U = config.filters;
    const Shape output = conv_lstm_output_shape(config, features, {B, x.shape(1), x.shape(2), call.shape.features});
    const Shape of_state{B, windows, U};
    states_of(states, "states", of_state, call.states);
    call.mask = mask_of(mask, {B, call.shape.timesteps});
    call.dropout = {mask_of_states(state_dropout, of_state), 1 / (1 - state_rate)};
    py::array_t<T> y = new_array<T>(output);
    call.y = y.mutable_data();
    py::list final_states;
    for (T*& to : call.final_states) {
      py::array_t<T> state = new_array<T>(of_state);
      to = state.mutable_data();
      final_states.append(state);
    }
    std::unique_ptr<KeptConvLSTM> kept;
    KeptConvLstm<T>* native = nullptr;
    if (keep) {
      kept = std::make_unique<KeptConvLSTM>();
      kept->arrays = weights;
      kept->arrays.insert(kept->arrays.begin(), x);
      kept->mask = mask, kept->state_dropout = state_dropout, kept->state_rate = state_rate;
      kept->output = output, kept->states = of_state;
      native = &kept->native.template emplace<KeptConvLstm<T>>();
    }
    run_recurrent(config.flops(call.shape), [&] {
      Packing packing(current());
      const PackedConvLstm<T> packed = pack<T>(weights, packing, groups, state_dropout ? 4 : 1);
      tidegate::forward(config, packed, call, native);
    });
    return py::make_tuple(y, final_states, kept ? py::cast(std::move(kept)) : py::none());
  }

  template <class T>
  py::tuple backward_of(const KeptConvLSTM& kept, const KeptConvLstm<T>& native, const OptionalArray& d_y,
                        const OptionalArrays& d_states, bool need_d_x) const {
    const py::array &x = kept.arrays[0], &kernel = kept.arrays[1], &recurrent_kernel = kept.arrays[2];
    ConvLstmBackward<T> call{};
    call.x = static_cast<const T*>(x.data());
    call.kernel = static_cast<const T*>(kernel.data());
    call.recurrent_kernel = static_cast<const T*>(recurrent_kernel.data());
    if (kept.mask) call.mask = static_cast<const uint8_t*>(kept.mask->data());
    call.dropout = {mask_of_states(kept.state_dropout, kept.states), 1 / (1 - kept.state_rate)};
    if (d_y) call.d_y = data_of<T>(*d_y, "d_y", kept.output);
    states_of(d_states, "d_states", kept.states, call.d_final_states);
    py::object d_x = py::none();
    if (need_d_x) {
      py::array_t<T> array = new_array<T>(shape_of(x));
      call.d_x = array.mutable_data();
      d_x = array;
    }
    py::list d_weights, d_initial;
    for (T** to : {&call.d_kernel, &call.d_recurrent_kernel, &call.d_bias}) {
      const size_t i = d_weights.size();
      if (i + 1 == kept.arrays.size()) break;
      py::array_t<T> gradient = new_array<T>(shape_of(kept.arrays[i + 1]));
      *to = gradient.mutable_data();
      d_weights.append(gradient);
    }
    for (T*& to : call.d_states) {
      py::array_t<T> gradient = new_array<T>(kept.states);
      to = gradient.mutable_data();
      d_initial.append(gradient);
    }
    run_recurrent(2 * config.flops(native.shape), [&] { tidegate::backward(config, native, call); });
    return py::make_tuple(d_x, d_weights, d_initial);
  }

  static const uint8_t* mask_of_states(const OptionalArray& mask, const Shape& states) {
    return mask ? reinterpret_cast<const uint8_t*>(
                      data_of<bool>(*mask, "state_dropout", {states[0], states[1], 4, states[2]}))
                : nullptr;
  }

  const ConvLstmConfig config;
};

}  // namespace

void bind_conv_lstm(py::module_& m) {
  using namespace py::literals;
  py::class_<KeptConvLSTM>(m, "KeptConvLSTM").def_property_readonly("nbytes", &KeptConvLSTM::bytes);
  py::class_<ConvLSTM1D, Operator>(m, "ConvLSTM1D")
      .def(
          py::init([](int64_t filters, int64_t kernel_size, int64_t strides, const std::string& padding,
                      int64_t dilation_rate, const std::string& activation, const std::string& recurrent_activation,
                      bool use_bias, bool return_sequences, bool go_backwards, bool zero_output_for_mask) {
            return ConvLSTM1D({positive(filters, "filters"), steps(kernel_size, "kernel_size"),
                               steps(strides, "strides"), steps(dilation_rate, "dilation_rate"), padding_named(padding),
                               activation_named(activation), activation_named(recurrent_activation), use_bias,
                               return_sequences, go_backwards, zero_output_for_mask});
          }),
          "filters"_a, "kernel_size"_a, py::kw_only(), "strides"_a = 1, "padding"_a = "valid", "dilation_rate"_a = 1,
          "activation"_a = "tanh", "recurrent_activation"_a = "sigmoid", "use_bias"_a = true,
          "return_sequences"_a = false, "go_backwards"_a = false, "zero_output_for_mask"_a = false)
      .def("forward", &ConvLSTM1D::forward, "x"_a, "weights"_a, "states"_a = py::none(), "mask"_a = py::none(),
           "keep"_a = false, "state_dropout"_a = py::none(), "state_rate"_a = 0.0)
      .def("backward", &ConvLSTM1D::backward, "kept"_a, "d_y"_a = py::none(), "d_states"_a = py::none(),
           "need_d_x"_a = true);
}

}  // namespace tidegate::python
