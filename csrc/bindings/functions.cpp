// Functions over arrays: activations, optimizer updates, threads, instruction sets, and what the machine can do.
#include <pybind11/stl.h>

#include <chrono>

#include "bindings/arrays.hpp"
#include "runtime/interrupts.hpp"
#include "runtime/parallel.hpp"

namespace tidegate::python {
namespace {

constexpr const char* kActivationNames[] = {
#define TIDEGATE_NAME(name) #name,
    TIDEGATE_ACTIVATIONS(TIDEGATE_NAME)
#undef TIDEGATE_NAME
};

std::vector<std::string> activation_names() { return {std::begin(kActivationNames), std::end(kActivationNames)}; }

template <class T>
const KernelTable<T>& kernels() {
  return table<T>(current());
}

// Rows along the last axis.
struct RowsOf {
  int64_t count, width;

  explicit RowsOf(const py::array& a) : count(0), width(a.ndim() ? a.shape(a.ndim() - 1) : 1) {
    if (width) count = a.size() / width;
  }
};

py::array activate(const std::string& name, const py::array& x) {
  const Activation f = activation_named(name);
  return with_element(x, "x", [&](auto element) -> py::array {
    using T = decltype(element);
    const T* from = data_of<T>(x, "x");
    py::array_t<T> y = new_array<T>(shape_of(x));
    T* to = y.mutable_data();
    const RowsOf rows(x);
    run_team(1, [&](const Member&) {
      for (int64_t r = 0; r < rows.count; ++r)
        kernels<T>().activate(f, from + r * rows.width, to + r * rows.width, rows.width);
    });
    return y;
  });
}

py::array activate_gradient(const std::string& name, const py::array& x, const py::array& y, const py::array& d_y) {
  const Activation f = activation_named(name);
  return with_element(x, "x", [&](auto element) -> py::array {
    using T = decltype(element);
    const Shape shape = shape_of(x);
    const T *from = data_of<T>(x, "x"), *output = data_of<T>(y, "y", shape), *d_output = data_of<T>(d_y, "d_y", shape);
    py::array_t<T> d_x = new_array<T>(shape);
    T* to = d_x.mutable_data();
    const RowsOf rows(x);
    run_team(1, [&](const Member&) {
      for (int64_t r = 0; r < rows.count; ++r) {
        const int64_t i = r * rows.width;
        kernels<T>().activate_gradient(f, from + i, output + i, d_output + i, to + i, rows.width);
      }
    });
    return d_x;
  });
}

py::array log(const py::array& x) {
  return with_element(x, "x", [&](auto element) -> py::array {
    using T = decltype(element);
    py::array_t<T> y = new_array<T>(shape_of(x));
    kernels<T>().log(data_of<T>(x, "x"), y.mutable_data(), x.size());
    return y;
  });
}

// A slot of an optimizer, updated in place; null if it has none.
template <class T>
T* slot(const std::optional<py::array>& a, const char* name, const Shape& shape) {
  if (!a) return nullptr;
  data_of<T>(*a, name, shape);
  if (!a->writeable()) throw py::value_error(std::string("argument `") + name + "` expected a writeable array.");
  return static_cast<T*>(const_cast<void*>(a->data()));
}

using Slot = std::optional<py::array>;

// The new weight: update(weight, gradient, out, n) over arrays of one shape and dtype.
template <class Update>
py::array updated(const py::array& w, const py::array& g, Update update) {
  return with_element(w, "w", [&](auto element) -> py::array {
    using T = decltype(element);
    const Shape shape = shape_of(w);
    const T *weight = data_of<T>(w, "w"), *gradient = data_of<T>(g, "g", shape);
    py::array_t<T> out = new_array<T>(shape);
    T* to = out.mutable_data();
    run_team(1, [&](const Member&) { update(weight, gradient, to, w.size(), shape); });
    return out;
  });
}

py::array sgd_update(const py::array& w, const py::array& g, const Slot& momentum_slot, double rate, double momentum,
                     bool nesterov) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().sgd(weight, gradient, slot<T>(momentum_slot, "momentum_slot", shape), out, n, rate, momentum,
                     nesterov);
  });
}

py::array rmsprop_update(const py::array& w, const py::array& g, const py::array& velocity, const Slot& momentum_slot,
                         const Slot& average, double rate, double rho, double momentum, double epsilon) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().rmsprop(weight, gradient, slot<T>(velocity, "velocity", shape),
                         slot<T>(momentum_slot, "momentum_slot", shape), slot<T>(average, "average", shape), out, n,
                         rate, rho, momentum, epsilon);
  });
}

py::array adam_update(const py::array& w, const py::array& g, const py::array& m, const py::array& v, const Slot& v_hat,
                      double alpha, double beta_1, double beta_2, double epsilon) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().adam(weight, gradient, slot<T>(m, "m", shape), slot<T>(v, "v", shape), slot<T>(v_hat, "v_hat", shape),
                      out, n, alpha, beta_1, beta_2, epsilon);
  });
}

py::array nadam_update(const py::array& w, const py::array& g, const py::array& m, const py::array& v, double m_rate,
                       double g_rate, double v_scale, double beta_1, double beta_2, double epsilon) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().nadam(weight, gradient, slot<T>(m, "m", shape), slot<T>(v, "v", shape), out, n, m_rate, g_rate,
                       v_scale, beta_1, beta_2, epsilon);
  });
}

py::array adamax_update(const py::array& w, const py::array& g, const py::array& m, const py::array& u, double alpha,
                        double beta_1, double beta_2, double epsilon) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().adamax(weight, gradient, slot<T>(m, "m", shape), slot<T>(u, "u", shape), out, n, alpha, beta_1, beta_2,
                        epsilon);
  });
}

py::array adagrad_update(const py::array& w, const py::array& g, const py::array& accumulator, double rate,
                         double epsilon) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().adagrad(weight, gradient, slot<T>(accumulator, "accumulator", shape), out, n, rate, epsilon);
  });
}

py::array adadelta_update(const py::array& w, const py::array& g, const py::array& gradients, const py::array& steps,
                          double rate, double rho, double epsilon) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().adadelta(weight, gradient, slot<T>(gradients, "gradients", shape), slot<T>(steps, "steps", shape), out,
                          n, rate, rho, epsilon);
  });
}

py::array ftrl_update(const py::array& w, const py::array& g, const py::array& accumulator, const py::array& linear,
                      double rate, double exponent, double l1, double l2, double shrinkage) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().ftrl(weight, gradient, slot<T>(accumulator, "accumulator", shape), slot<T>(linear, "linear", shape),
                      out, n, rate, exponent, l1, l2, shrinkage);
  });
}

py::array lion_update(const py::array& w, const py::array& g, const py::array& momentum_slot, double rate,
                      double beta_1, double beta_2) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().lion(weight, gradient, slot<T>(momentum_slot, "momentum_slot", shape), out, n, rate, beta_1, beta_2);
  });
}

py::array lamb_update(const py::array& w, const py::array& g, const py::array& m, const py::array& v, double rate,
                      double beta_1, double beta_2, double m_scale, double v_scale, double epsilon) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    kernels<T>().lamb(weight, gradient, slot<T>(m, "m", shape), slot<T>(v, "v", shape), out, n, rate, beta_1, beta_2,
                      m_scale, v_scale, epsilon);
  });
}

// A weight of two axes or more is so many matrices of its last two.
py::array adafactor_update(const py::array& w, const py::array& g, const Slot& row_means, const Slot& column_means,
                           const py::array& v, double rate, double beta_2, double epsilon_1, double epsilon_2,
                           double clip_threshold) {
  return updated(w, g, [&]<class T>(const T* weight, const T* gradient, T* out, int64_t n, const Shape& shape) {
    AdafactorArgs<T> a{};
    a.w = weight, a.g = gradient, a.out = out, a.v = slot<T>(v, "v", shape);
    a.matrices = 1, a.rows = 1, a.columns = n;
    if (shape.size() >= 2) {
      Shape rows(shape.begin(), shape.end() - 1), columns(shape.begin(), shape.end() - 2);
      a.rows = shape[shape.size() - 2], a.columns = shape.back();
      for (const int64_t extent : columns) a.matrices *= extent;
      columns.push_back(a.columns);
      a.row_means = slot<T>(row_means, "row_means", rows);
      a.column_means = slot<T>(column_means, "column_means", columns);
      if (!a.row_means || !a.column_means)
        throw py::value_error("arguments `row_means` and `column_means` expected arrays, received None.");
    }
    a.rate = rate, a.beta_2 = beta_2, a.epsilon_1 = epsilon_1, a.epsilon_2 = epsilon_2;
    a.clip_threshold = clip_threshold;
    kernels<T>().adafactor(a);
  });
}

double sum_of_squares(const py::array& x) {
  return with_element(x, "x", [&](auto element) {
    using T = decltype(element);
    return kernels<T>().sum_of_squares(data_of<T>(x, "x"), x.size());
  });
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Flops per second of independent float32 fma chains on this thread.
double fma_peak(int64_t iterations) {
  const auto start = std::chrono::steady_clock::now();
  const double flops = kernels<float>().fma_chain(iterations);
  return flops / seconds_since(start);
}

// Bytes per second of reading an array of so many bytes again and again on this thread.
double read_bandwidth(int64_t bytes, int64_t times) {
  const Array<float> data(bytes / int64_t(sizeof(float)));
  std::fill_n(data.data(), data.size(), 1.0f);
  volatile float sink = kernels<float>().read(data.data(), data.size(), 1);
  const auto start = std::chrono::steady_clock::now();
  sink = kernels<float>().read(data.data(), data.size(), times);
  static_cast<void>(sink);
  return double(bytes) * double(times) / seconds_since(start);
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const InstructionSet* set : available()) names.push_back(set->name);
  return names;
}

py::dict info() {
  py::dict all;
  all["instruction_set"] = current().name;
  all["threads"] = num_threads();
  all["threading"] = threading_name();
#if defined(__clang__)
  all["compiler"] = "Clang " __clang_version__;
#else
  all["compiler"] = "GCC " __VERSION__;
#endif
  return all;
}

void set_threads(int threads) {
  if (threads < 1)
    throw py::value_error("argument `n` expected a positive integer, received " + std::to_string(threads) + ".");
  set_num_threads(threads);
}

// A context in which Ctrl-C waits until the end. Python calls handlers in its main thread only, which may be another.
struct Uninterrupted {
  void enter() {
    hold_interrupts();
    if (PyErr_CheckSignals() == 0) return;  // one that came before
    release_interrupts();
    throw py::error_already_set();
  }
  void exit(const py::args&) {
    if (release_interrupts() && PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
};

py::array merge(const std::string& mode, const py::array& a, const py::array& b) {
  const Merge how = merge_named(mode);
  if (how == Merge::concat) throw py::value_error("argument `mode` expected 'sum', 'mul' or 'ave', received 'concat'.");
  return with_element(a, "a", [&](auto element) -> py::array {
    using T = decltype(element);
    const T *first = data_of<T>(a, "a"), *second = data_of<T>(b, "b", shape_of(a));
    py::array_t<T> y = new_array<T>(shape_of(a));
    T* to = y.mutable_data();
    const int64_t n = y.size();
    std::copy_n(first, n, to);
    run_team(1, [&](const Member&) { tidegate::merge(how, second, n, to); });
    return y;
  });
}

}  // namespace

Activation activation_named(const std::string& name) {
  for (size_t i = 0; i < std::size(kActivationNames); ++i)
    if (name == kActivationNames[i]) return static_cast<Activation>(i);
  throw py::value_error("argument `activation` expected the name of a native activation, received '" + name + "'.");
}

Merge merge_named(const std::string& mode) {
  if (mode == "concat") return Merge::concat;
  if (mode == "sum") return Merge::sum;
  if (mode == "mul") return Merge::mul;
  if (mode == "ave") return Merge::ave;
  throw py::value_error("argument `merge_mode` expected 'concat', 'sum', 'mul' or 'ave', received '" + mode + "'.");
}

void bind_functions(py::module_& m) {
  using namespace py::literals;
  m.def("activation_names", &activation_names);
  m.def("activate", &activate, "name"_a, "x"_a);
  m.def("activate_gradient", &activate_gradient, "name"_a, "x"_a, "y"_a, "d_y"_a);
  m.def("log", &log, "x"_a);
  m.def("merge", &merge, "mode"_a, "a"_a, "b"_a);
  m.def("sgd_update", &sgd_update, "w"_a, "g"_a, "momentum_slot"_a, py::kw_only(), "learning_rate"_a, "momentum"_a,
        "nesterov"_a);
  m.def("rmsprop_update", &rmsprop_update, "w"_a, "g"_a, "velocity"_a, "momentum_slot"_a, "average"_a, py::kw_only(),
        "learning_rate"_a, "rho"_a, "momentum"_a, "epsilon"_a);
  m.def("adam_update", &adam_update, "w"_a, "g"_a, "m"_a, "v"_a, "v_hat"_a, py::kw_only(), "alpha"_a, "beta_1"_a,
        "beta_2"_a, "epsilon"_a);
  m.def("nadam_update", &nadam_update, "w"_a, "g"_a, "m"_a, "v"_a, py::kw_only(), "m_rate"_a, "g_rate"_a, "v_scale"_a,
        "beta_1"_a, "beta_2"_a, "epsilon"_a);
  m.def("adamax_update", &adamax_update, "w"_a, "g"_a, "m"_a, "u"_a, py::kw_only(), "alpha"_a, "beta_1"_a, "beta_2"_a,
        "epsilon"_a);
  m.def("adagrad_update", &adagrad_update, "w"_a, "g"_a, "accumulator"_a, py::kw_only(), "learning_rate"_a,
        "epsilon"_a);
  m.def("adadelta_update", &adadelta_update, "w"_a, "g"_a, "gradients"_a, "steps"_a, py::kw_only(), "learning_rate"_a,
        "rho"_a, "epsilon"_a);
  m.def("ftrl_update", &ftrl_update, "w"_a, "g"_a, "accumulator"_a, "linear"_a, py::kw_only(), "learning_rate"_a,
        "exponent"_a, "l1"_a, "l2"_a, "shrinkage"_a);
  m.def("lion_update", &lion_update, "w"_a, "g"_a, "momentum_slot"_a, py::kw_only(), "learning_rate"_a, "beta_1"_a,
        "beta_2"_a);
  m.def("lamb_update", &lamb_update, "w"_a, "g"_a, "m"_a, "v"_a, py::kw_only(), "learning_rate"_a, "beta_1"_a,
        "beta_2"_a, "m_scale"_a, "v_scale"_a, "epsilon"_a);
  m.def("adafactor_update", &adafactor_update, "w"_a, "g"_a, "row_means"_a, "column_means"_a, "v"_a, py::kw_only(),
        "learning_rate"_a, "beta_2"_a, "epsilon_1"_a, "epsilon_2"_a, "clip_threshold"_a);
  m.def("sum_of_squares", &sum_of_squares, "x"_a);
  py::class_<Uninterrupted>(m, "Uninterrupted")
      .def(py::init<>())
      .def("__enter__", &Uninterrupted::enter)
      .def("__exit__", &Uninterrupted::exit);
  m.def("set_num_threads", &set_threads, "n"_a);
  m.def("get_num_threads", &num_threads);
  m.def("instruction_sets", &instruction_sets);
  m.def("set_instruction_set", &use, "name"_a);
  m.def("fma_peak", &fma_peak, "iterations"_a);
  m.def("read_bandwidth", &read_bandwidth, "bytes"_a, "times"_a);
  m.def("info", &info);
}

}  // namespace tidegate::python
