// Operators of convolutions over time. They keep nothing: a backward is given what it needs.
#include <pybind11/stl.h>

#include <limits>

#include "bindings/conv.hpp"
#include "bindings/operator.hpp"
#include "program/chain_step.hpp"
#include "program/conv_step.hpp"

namespace tidegate::python {
namespace {

struct Conv1D final : TypedOperator<Conv1D> {
  Conv1D(const ConvConfig& config, bool depthwise) : config(config), depthwise(depthwise) {
    if (config.stride > 1 && config.dilation > 1)
      throw py::value_error("argument `dilation_rate` expected 1 with strides, received " +
                            std::to_string(config.dilation) + ".");
    if (config.filters % config.groups)
      throw py::value_error("argument `groups` expected a divisor of the " + std::to_string(config.filters) +
                            " filters, received " + std::to_string(config.groups) + ".");
  }

  // [K, features / groups, filters]; depthwise, where a group has one feature, [K, features, filters / features]. In
  // memory they are the same.
  template <class T>
  const T* kernel_of(const py::array& kernel) const {
    const int64_t K = config.kernel_size, U = config.filters, G = config.groups;
    return data_of<T>(kernel, "kernel", depthwise ? Shape{K, G, U / G} : Shape{K, -1, U});
  }
  int64_t features_of(const py::array& kernel) const {
    return depthwise ? config.groups : config.groups * positive(kernel.shape(1), "features");
  }

  template <class T>
  PackedConv<T> pack(const Arrays& weights, Packing& packing) const {
    check_count(weights.size(), config.use_bias ? 2 : 1, "weights");
    const T* kernel = kernel_of<T>(weights[0]);
    const T* bias = config.use_bias ? data_of<T>(weights[1], "bias", {config.filters}) : nullptr;
    return PackedConv<T>(packing, config, features_of(weights[0]), kernel, bias);
  }

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights, Packing& packing) const {
    return std::make_unique<ConvStep<T>>(config, pack<T>(weights, packing));
  }

  py::tuple forward(const py::array& x, const Arrays& weights, bool keep) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      const T* from = data_of<T>(x, "x");
      Packing packing(current());
      const PackedConv<T> packed = pack<T>(weights, packing);
      const Shape input = shape_of(x), output = conv_output_shape(config, packed.features(), input);
      keep = keep && config.activation != Activation::linear;
      py::array_t<T> y = new_array<T>(output), sums = new_array<T>(keep ? output : Shape{0});
      T *to = y.mutable_data(), *kept = keep ? sums.mutable_data() : nullptr;
      {
        const ReleaseGil release(config.flops(input[0], input[1], input[2]));
        tidegate::forward(config, packed, input[0], input[1], from, to, kept);
      }
      return py::make_tuple(y, keep ? py::object(sums) : py::none());
    });
  }

  py::tuple backward(const py::array& x, const Arrays& weights, const OptionalArray& sums, const py::array& y,
                     const py::array& d_y, bool need_d_x) const {
    return with_element(x, "x", [&](auto element) -> py::tuple {
      using T = decltype(element);
      check_count(weights.size(), config.use_bias ? 2 : 1, "weights");
      const py::array& kernel = weights[0];
      ConvBackward<T> call{};
      call.kernel = kernel_of<T>(kernel);
      call.features = features_of(kernel);
      call.x = data_of<T>(x, "x");
      const Shape input = shape_of(x), output = conv_output_shape(config, call.features, input);
      call.batch = input[0];
      call.timesteps = input[1];
      call.y = data_of<T>(y, "y", output);
      call.d_y = data_of<T>(d_y, "d_y", output);
      if (config.activation != Activation::linear) {
        if (!sums) throw py::value_error("argument `sums` expected what forward kept, received None.");
        call.sums = data_of<T>(*sums, "sums", output);
      }
      py::array_t<T> d_x = new_array<T>(need_d_x ? input : Shape{0}), d_kernel = new_array<T>(shape_of(kernel)),
                     d_bias = new_array<T>({config.filters});
      call.d_x = need_d_x ? d_x.mutable_data() : nullptr;
      call.d_kernel = d_kernel.mutable_data();
      call.d_bias = config.use_bias ? d_bias.mutable_data() : nullptr;
      {
        const ReleaseGil release(2 * config.flops(input[0], input[1], input[2]));
        tidegate::backward(current(), config, call);
      }
      py::list d_weights;
      d_weights.append(d_kernel);
      if (config.use_bias) d_weights.append(d_bias);
      return py::make_tuple(need_d_x ? py::object(d_x) : py::none(), d_weights);
    });
  }

  const ConvConfig config;
  const bool depthwise;
};

// Two operators one after the other, for a Program; the first has so many of the weights.
class Chained final : public TypedOperator<Chained> {
 public:
  Chained(const Operator& first, const Operator& second, size_t weights_of_first)
      : first(first), second(second), count(weights_of_first) {}

  template <class T>
  std::unique_ptr<Step<T>> make_step(const Arrays& weights, Packing& packing) const {
    if (weights.size() < count) check_count(weights.size(), count, "weights");
    const auto middle = weights.begin() + static_cast<std::ptrdiff_t>(count);
    auto before = first.step(Arrays(weights.begin(), middle), packing, T{});
    return std::make_unique<ChainStep<T>>(std::move(before), second.step(Arrays(middle, weights.end()), packing, T{}));
  }

 private:
  const Operator &first, &second;
  const size_t count;
};

}  // namespace

int64_t steps(int64_t value, const char* name) {
  if (positive(value, name) <= std::numeric_limits<int32_t>::max()) return value;
  throw py::value_error(std::string("argument `") + name + "` expected less than 2147483648, received " +
                        std::to_string(value) + ".");
}

Padding padding_named(const std::string& name) {
  if (name == "valid") return Padding::valid;
  if (name == "same") return Padding::same;
  if (name == "causal") return Padding::causal;
  throw py::value_error("argument `padding` expected 'valid', 'same' or 'causal', received '" + name + "'.");
}

void bind_conv(py::module_& m) {
  using namespace py::literals;
  py::class_<Conv1D, Operator>(m, "Conv1D")
      .def(py::init([](int64_t filters, int64_t kernel_size, int64_t strides, const std::string& padding,
                       int64_t dilation_rate, int64_t groups, const std::string& activation, bool use_bias,
                       bool depthwise) {
             return Conv1D({positive(filters, "filters"), steps(kernel_size, "kernel_size"), steps(strides, "strides"),
                            steps(dilation_rate, "dilation_rate"), positive(groups, "groups"), padding_named(padding),
                            activation_named(activation), use_bias},
                           depthwise);
           }),
           "filters"_a, "kernel_size"_a, py::kw_only(), "strides"_a = 1, "padding"_a = "valid", "dilation_rate"_a = 1,
           "groups"_a = 1, "activation"_a = "linear", "use_bias"_a = true, "depthwise"_a = false)
      .def("forward", &Conv1D::forward, "x"_a, "weights"_a, "keep"_a = false)
      .def("backward", &Conv1D::backward, "x"_a, "weights"_a, "sums"_a, "y"_a, "d_y"_a, "need_d_x"_a = true);
  py::class_<Chained, Operator>(m, "Chained")
      .def(py::init<const Operator&, const Operator&, size_t>(), "first"_a, "second"_a, "weights_of_first"_a,
           py::keep_alive<1, 2>(), py::keep_alive<1, 3>());
}

}  // namespace tidegate::python
