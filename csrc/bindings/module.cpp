// The extension module tidegate._core: its table of contents.
#include "bindings/arrays.hpp"

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
  m.doc() = "Native kernels of Tidegate. Arrays are C-contiguous float32 or float64.";
  tidegate::python::bind_operators(m);
  tidegate::python::bind_programs(m);
  tidegate::python::bind_layers(m);
  tidegate::python::bind_activations(m);
  tidegate::python::bind_normalization(m);
  tidegate::python::bind_group_normalization(m);
  tidegate::python::bind_embedding(m);
  tidegate::python::bind_conv(m);
  tidegate::python::bind_attention(m);
  tidegate::python::bind_merging(m);
  tidegate::python::bind_noise(m);
  tidegate::python::bind_functions(m);
}
