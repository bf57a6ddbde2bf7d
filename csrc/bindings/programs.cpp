// Programs (a chain of operators, packed) and the streams that run on one.
#include <pybind11/stl.h>

#include <variant>

#include "bindings/operator.hpp"
#include "program/streams.hpp"
#include "runtime/parallel.hpp"

namespace tidegate::python {
namespace {

// The array `out` if it can take the answer, or a new one.
template <class T>
py::array_t<T> answer(const Shape& shape, const OptionalArray& out) {
  if (!out) return new_array<T>(shape);
  data_of<T>(*out, "out", shape);
  if (!out->writeable()) throw py::value_error("argument `out` expected an array that can be written to.");
  return py::reinterpret_borrow<py::array_t<T>>(*out);
}

template <class T>
class BoundStreams {
 public:
  BoundStreams(std::shared_ptr<const Program<T>> program, int64_t capacity, int threads)
      : streams_(std::move(program), capacity), threads_(threads) {}

  int64_t open() { return streams_.open(); }
  void close(const py::array& ids) { streams_.close(ids_of(ids), ids.size()); }
  void reset(const py::array& ids) { streams_.reset(ids_of(ids), ids.size()); }

  py::array run(const py::array& x, const py::array& ids) { return advance(shape_of(x), x, ids); }

  // x [n, ...], one timestep: the answer has no axis of time either.
  py::array step(const py::array& x, const py::array& ids) {
    Shape input = shape_of(x);
    if (!input.empty()) input.insert(input.begin() + 1, 1);
    return advance(input, x, ids);
  }

  std::vector<py::array> states(const py::array& ids) {
    std::vector<py::array> all;
    for (size_t i = 0; i < streams_.state_lengths().size(); ++i) {
      py::array_t<T> state = new_array<T>({ids.size(), streams_.state_lengths()[i]});
      streams_.read_state(i, ids_of(ids), ids.size(), state.mutable_data());
      all.push_back(state);
    }
    return all;
  }

  void set_states(const py::array& ids, const Arrays& states) {
    const std::vector<int64_t>& lengths = streams_.state_lengths();
    if (states.size() != lengths.size())
      throw py::value_error("argument `states` expected " + std::to_string(lengths.size()) + " arrays, received " +
                            std::to_string(states.size()) + ".");
    std::vector<const T*> from;
    for (size_t i = 0; i < states.size(); ++i)
      from.push_back(data_of<T>(states[i], "states", {ids.size(), lengths[i]}));
    streams_.write_states(ids_of(ids), ids.size(), from);
  }

 private:
  static const int64_t* ids_of(const py::array& ids) { return data_of<int64_t>(ids, "ids", {-1}); }

  py::array advance(const Shape& input, const py::array& x, const py::array& ids) {
    const int64_t* numbers = ids_of(ids);
    const T* from = data_of<T>(x, "x");
    if (input.size() < 2 || input[0] != ids.size())
      throw py::value_error("argument `x` expected " + std::to_string(ids.size()) +
                            " rows, one for each stream, received shape " + text(shape_of(x)) + ".");
    const std::vector<Shape> shapes = streams_.program().shapes(input);
    Shape output = shapes.back();
    if (shape_of(x) != input && output.size() > 2) output.erase(output.begin() + 1);
    py::array_t<T> y = new_array<T>(output);
    T* to = y.mutable_data();
    {
      const ReleaseGil release(streams_.program().flops(shapes));
      const ThreadLimit limit(threads_);
      streams_.advance(shapes, numbers, from, to);
    }
    return y;
  }

  Streams<T> streams_;
  const int threads_;
};

// The outputs, and their mask where the program makes one.
template <class T>
std::pair<py::array, py::object> run(const Program<T>& program, const py::array& x, const OptionalArray& out,
                                     const OptionalArray& mask) {
  const T* from = data_of<T>(x, "x");
  const std::vector<Shape> shapes = program.shapes(shape_of(x));
  Carried<T> carried;
  if (mask) {
    if (x.ndim() < 3) throw py::value_error("argument `mask` expected an `x` with timesteps.");
    carried.mask = reinterpret_cast<const uint8_t*>(data_of<bool>(*mask, "mask", {x.shape(0), x.shape(1)}));
  }
  py::array_t<T> y = answer<T>(shapes.back(), out);
  T* to = y.mutable_data();
  // A sequence is read long after its first outputs are written.
  if (from < to + y.size() && to < from + x.size())
    throw py::value_error("argument `out` expected an array that shares no memory with `x`.");
  Array<uint8_t> mask_of_y;
  run_recurrent(program.flops(shapes), [&] { mask_of_y = program.run(shapes, from, to, carried); });
  return {y, array_of_mask(mask_of_y, shapes.back())};
}

Precision precision_named(const std::string& name) {
  if (name == "full") return Precision::full;
  if (name == "bfloat16") return Precision::bfloat16;
  if (name == "int8") return Precision::int8;
  throw py::value_error("argument `precision` expected 'full', 'bfloat16' or 'int8', received '" + name + "'.");
}

// What the layout of packed weights depends on: lanes and strips of the kernels that read them.
std::string layout_of(const InstructionSet& set, Precision precision) {
  const auto named = [](const InstructionSet& of) {
    return std::string(of.name) + ":" + std::to_string(of.f32.lanes) + "x" + std::to_string(of.f32.strip);
  };
  return named(set) + "/" + named(*narrow_kernels(set, precision).set);
}

// A layer that does nothing has no operator.
using Chain = std::vector<std::pair<const Operator*, Arrays>>;

// What Program.explain() returns of one step.
template <class T>
py::dict explained(const Step<T>& step, const Shape& input) {
  using namespace py::literals;
  const Description found = step.describe(input);
  py::list passes;
  for (const ForwardPlan& plan : found.passes)
    passes.append(py::dict("threads"_a = plan.threads, "share_units"_a = plan.share_units,
                           "input_steps"_a = plan.input_steps, "rows_of_pass"_a = plan.rows_of_pass));
  py::dict all("runs"_a = found.runs, "instruction_set"_a = py::none(), "narrow"_a = py::none(), "tile"_a = py::none(),
               "packed_bytes"_a = step.packed_bytes(), "flops"_a = step.flops(input), "threads"_a = found.threads,
               "apart"_a = found.apart, "passes"_a = passes);
  if (!found.set) return all;
  all["instruction_set"] = found.set->name;
  if (found.narrow) all["narrow"] = py::make_tuple(found.narrow->name, found.narrow->fast);
  const KernelTable<T>& kernels = table<T>(*found.set);
  if (found.tiled) all["tile"] = py::make_tuple(kernels.tile_rows, kernels.strip, kernels.lanes);
  return all;
}

template <class T>
py::list explain(const Program<T>& program, Shape shape) {
  py::list all;
  for (size_t i = 0; i < program.steps().size(); ++i) {
    for (const int64_t extent : shape)
      if (extent < 1)
        throw py::value_error("argument `shape` expected positive lengths, received " + text(shape) + ".");
    elements(shape);  // nothing is planned for what no memory could hold
    const Step<T>& step = *program.steps()[i];
    Shape output = step.output_shape(shape);
    py::dict found = explained(step, shape);
    found["layer"] = program.names()[i];
    all.append(found);
    shape = std::move(output);
  }
  return all;
}

// The next step of a chain, or the next two, an embedding folded into the layer after it.
template <class T>
void add_step(const Chain& steps, Packing& packing, bool fold, std::vector<std::unique_ptr<Step<T>>>& native) {
  const size_t i = native.size();
  const auto& [op, weights] = steps[i];
  if (!op) return native.push_back(std::make_unique<NothingStep<T>>());
  if (fold && i + 1 < steps.size() && steps[i + 1].first) {
    std::unique_ptr<Step<T>> of_ids = op->step_of_ids(packing, T{}), on_ids;
    if (of_ids) on_ids = steps[i + 1].first->step_on_ids(steps[i + 1].second, weights[0], packing, T{});
    if (on_ids) {
      native.push_back(std::move(of_ids));
      return native.push_back(std::move(on_ids));
    }
  }
  native.push_back(op->step(weights, packing, T{}));
}

class BoundProgram {
 public:
  // Elements are of the type that `dtype` says, or else of that of the first weight. `threads` bounds those of a call,
  // unless it is 0. `names` are those of the layers for messages, or empty. `packed` is what packed() of an equal
  // Program gave, or empty; it is used as it is, and not written to. With `fold`, an embedding may become a part of
  // the layer after it.
  BoundProgram(const Chain& steps, int threads, const py::object& dtype, std::vector<std::string> names,
               const std::string& precision, const Arrays& packed, bool fold)
      : packed_(packed), threads_(threads) {
    Packing packing(current(), precision_named(precision), bytes_of(packed));
    for (size_t i = names.size(); i < steps.size(); ++i) names.push_back("step " + std::to_string(i));
    std::optional<py::array> first;
    for (const auto& [op, weights] : steps)
      if (!first && !weights.empty()) first = weights[0];
    if (!dtype.is_none()) first = py::array(py::dtype::from_args(dtype), Shape{0});
    if (!first) throw py::value_error("argument `dtype` is needed where `steps` have no weights.");
    with_element(*first, "weights", [&](auto element) {
      using T = decltype(element);
      if (sizeof(T) != sizeof(float) && packing.precision() != Precision::full)
        throw py::value_error("argument `precision` expected 'full' for weights of float64, received '" + precision +
                              "'.");
      typename Program<T>::Steps native;
      while (native.size() < steps.size()) add_step(steps, packing, fold, native);
      program_ = std::make_shared<const Program<T>>(std::move(native), std::move(names));
    });
    arrays_ = packing.arrays();
    layout_ = layout_of(packing.set(), packing.precision());
  }

  // Every array of packed weights, as bytes, in the order in which the steps read them.
  static std::vector<py::array> packed(const py::object& self) {
    std::vector<py::array> all;
    for (const Packing::Bytes& bytes : self.cast<const BoundProgram&>().arrays_) {
      py::array_t<uint8_t> view(static_cast<py::ssize_t>(bytes.size), static_cast<const uint8_t*>(bytes.data), self);
      view.attr("setflags")(false);
      all.push_back(view);
    }
    return all;
  }

  py::array run(const py::array& x, const OptionalArray& out, const OptionalArray& mask) const {
    return run_masked(x, out, mask).first;
  }

  std::pair<py::array, py::object> run_masked(const py::array& x, const OptionalArray& out,
                                              const OptionalArray& mask) const {
    const ThreadLimit limit(threads_);
    return std::visit([&](const auto& program) { return python::run(*program, x, out, mask); }, program_);
  }

  py::object streams(int64_t capacity) const {
    if (capacity < 1)
      throw py::value_error("argument `capacity` expected a positive integer, received " + std::to_string(capacity) +
                            ".");
    return std::visit([&](const auto& program) { return streams_of(program, capacity); }, program_);
  }

  py::list explain(const Shape& shape) const {
    const ThreadLimit limit(threads_);
    return std::visit([&](const auto& program) { return python::explain(*program, shape); }, program_);
  }

  const std::string& layout() const { return layout_; }

  size_t packed_bytes() const {
    return std::visit([](const auto& program) { return program->packed_bytes(); }, program_);
  }

 private:
  template <class T>
  py::object streams_of(const std::shared_ptr<const Program<T>>& program, int64_t capacity) const {
    return py::cast(std::make_unique<BoundStreams<T>>(program, capacity, threads_));
  }

  static std::vector<Packing::Bytes> bytes_of(const Arrays& packed) {
    std::vector<Packing::Bytes> all;
    for (const py::array& array : packed)
      all.push_back({data_of<uint8_t>(array, "packed", {-1}), static_cast<size_t>(array.size())});
    return all;
  }

  const Arrays packed_;  // kept alive
  std::vector<Packing::Bytes> arrays_;
  std::string layout_;
  std::variant<std::shared_ptr<const Program<float>>, std::shared_ptr<const Program<double>>> program_;
  const int threads_;
};

template <class T>
void bind_streams(py::module_& m, const char* name) {
  using namespace py::literals;
  using Bound = BoundStreams<T>;
  py::class_<Bound>(m, name)
      .def("open", &Bound::open)
      .def("close", &Bound::close, "ids"_a)
      .def("reset", &Bound::reset, "ids"_a)
      .def("run", &Bound::run, "x"_a, "ids"_a)
      .def("step", &Bound::step, "x"_a, "ids"_a)
      .def("states", &Bound::states, "ids"_a)
      .def("set_states", &Bound::set_states, "ids"_a, "states"_a);
}

}  // namespace

void bind_programs(py::module_& m) {
  using namespace py::literals;
  m.def(
      "packed_layout", [](const std::string& precision) { return layout_of(current(), precision_named(precision)); },
      "precision"_a);
  bind_streams<float>(m, "StreamsF32");
  bind_streams<double>(m, "StreamsF64");
  py::class_<BoundProgram>(m, "Program")
      .def(py::init<const Chain&, int, const py::object&, std::vector<std::string>, const std::string&, const Arrays&,
                    bool>(),
           "steps"_a, "threads"_a = 0, "dtype"_a = py::none(), "names"_a = std::vector<std::string>(),
           "precision"_a = "full", "packed"_a = Arrays(), "fold"_a = false)
      .def("run", &BoundProgram::run, "x"_a, "out"_a = py::none(), "mask"_a = py::none())
      .def("run_masked", &BoundProgram::run_masked, "x"_a, "out"_a = py::none(), "mask"_a = py::none())
      .def("streams", &BoundProgram::streams, "capacity"_a, py::keep_alive<0, 1>())  // whose `packed` they read
      .def("explain", &BoundProgram::explain, "shape"_a)
      .def("packed", [](const py::object& self) { return BoundProgram::packed(self); })
      .def_property_readonly("packed_layout", &BoundProgram::layout)
      .def_property_readonly("packed_bytes", &BoundProgram::packed_bytes);
}

}  // namespace tidegate::python
