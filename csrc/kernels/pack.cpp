// Weights between Keras's layout and the panels that the tiles read: see PackedCell and ProductArgs.
#include "kernels/table.hpp"
#include "kernels/tile.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class T>
int64_t panels_of(int64_t units) {
  return (units + kLanes<T> - 1) / kLanes<T>;
}

template <class T>
int64_t lanes_of(int64_t width, int64_t first) {
  return width - first < kLanes<T> ? width - first : kLanes<T>;
}

template <class T>
void gates_to_panels(const T* from, int64_t depth, int64_t units, int gates, int first_gate, int vectors, int tail,
                     T* packed) {
  constexpr int L = kLanes<T>;
  const auto gate = [&](int64_t k, int v, int64_t panel) {
    return from + (k * gates + first_gate + v) * units + panel * L;
  };
  const int64_t whole = panels_of<T>(units) - (tail > 0), left = units - whole * L;
  for (int64_t p = 0; p < whole; ++p)
    for (int strip = 0; strip < vectors; strip += kStrip)
      for (int64_t k = 0; k < depth; ++k)
        for (int v = strip; v < vectors && v < strip + kStrip; ++v, packed += L)
          store(packed, load_first(gate(k, v, p), lanes_of<T>(units, p * L)));
  for (int64_t k = 0; tail > 0 && k < depth; ++k, packed += tail * L) {
    memset(packed, 0, tail * L * sizeof(T));
    for (int v = 0; v < vectors; ++v) memcpy(packed + v * tail * L / 4, gate(k, v, whole), left * sizeof(T));
  }
}

template <class T>
void panels_to_gates(const T* packed, int64_t depth, int64_t units, int gates, int first_gate, int vectors, int tail,
                     int64_t first_panel, int64_t end_panel, T* to) {
  for (int64_t p = first_panel; p < end_panel; ++p) {
    const int64_t unit = p * kLanes<T>, lanes = lanes_of<T>(units, unit);
    const auto gate = [&](int64_t k, int v) { return to + (k * gates + first_gate + v) * units + unit; };
    if (tail > 0 && p == panels_of<T>(units) - 1) {
      for (int64_t k = 0; k < depth; ++k, packed += tail * kLanes<T>)
        for (int v = 0; v < vectors; ++v) memcpy(gate(k, v), packed + v * tail * kLanes<T> / 4, lanes * sizeof(T));
      continue;
    }
    for (int64_t k = 0; k < depth; ++k)
      for (int v = 0; v < vectors; ++v, packed += kLanes<T>) store_first(gate(k, v), load(packed), lanes);
  }
}

// columns [Q, depth, <= kStrip, L], where element (k, j) is row(k)[j * stride]; null rows, and j >= width, are zeros.
template <class T, class Row>
void fill_columns(int64_t depth, int64_t width, int64_t stride, T* columns, Row row) {
  constexpr int64_t L = kLanes<T>;
  for (int64_t first = 0; first < width; first += kStrip * L) {
    const int64_t left = width - first, whole = (left + L - 1) / L * L;
    const int64_t block = whole < kStrip * L ? whole : kStrip * L, real = left < block ? left : block;
    for (int64_t k = 0; k < depth; ++k, columns += block) {
      const T* from = row(k);
      const int64_t n = from ? real : 0;
      for (int64_t j = 0; j < n; ++j) columns[j] = from[(first + j) * stride];
      for (int64_t j = n; j < block; ++j) columns[j] = 0;
    }
  }
}

// Goes along the rows of `from`, a vector of a gate's units at a time: down them, every element would be a line of the
// cache.
template <class T>
void gates_to_columns(const T* from, int64_t width, int64_t units, int gates, int first_gate, int vectors, int tail,
                      T* columns) {
  constexpr int64_t L = kLanes<T>;
  const int64_t whole = panels_of<T>(units) - (tail > 0), depth = whole * vectors * L;
  for (int64_t first = 0; first < width; first += kStrip * L) {
    const int64_t left = width - first, padded = (left + L - 1) / L * L;
    const int64_t block = padded < kStrip * L ? padded : kStrip * L, real = left < block ? left : block;
    for (int64_t k = 0; k < depth; k += L, columns += block * L) {
      const int64_t unit = k / (vectors * L) * L, gate = first_gate + k / L % vectors;
      for (int64_t j = 0; j < block; ++j) {
        T lanes[L] = {};
        if (j < real)
          store(lanes, load_first(from + ((first + j) * gates + gate) * units + unit, lanes_of<T>(units, unit)));
        for (int64_t i = 0; i < L; ++i) columns[i * block + j] = lanes[i];
      }
    }
    if (tail == 0) continue;
    memset(columns, 0, tail * L * block * sizeof(T));
    for (int v = 0; v < vectors; ++v)
      for (int64_t j = 0; j < real; ++j)
        for (int64_t u = whole * L; u < units; ++u)
          columns[(v * tail * L / 4 + u - whole * L) * block + j] =
              from[((first + j) * gates + first_gate + v) * units + u];
    columns += tail * L * block;
  }
}

template <class T>
void matrix_to_columns(const T* from, int64_t depth, int64_t width, int64_t depth_stride, int64_t width_stride,
                       T* columns) {
  fill_columns(depth, width, width_stride, columns, [=](int64_t k) { return from + k * depth_stride; });
}

}  // namespace

#define TIDEGATE_DEFINE(T)                                                                                           \
  void pack_gates(const T* from, int64_t depth, int64_t units, int gates, int first_gate, int vectors, int tail,     \
                  T* packed) {                                                                                       \
    gates_to_panels(from, depth, units, gates, first_gate, vectors, tail, packed);                                   \
  }                                                                                                                  \
  void unpack_gates(const T* packed, int64_t depth, int64_t units, int gates, int first_gate, int vectors, int tail, \
                    int64_t first_panel, int64_t end_panel, T* to) {                                                 \
    panels_to_gates(packed, depth, units, gates, first_gate, vectors, tail, first_panel, end_panel, to);             \
  }                                                                                                                  \
  void pack_gate_columns(const T* from, int64_t width, int64_t units, int gates, int first_gate, int vectors,        \
                         int tail, T* columns) {                                                                     \
    gates_to_columns(from, width, units, gates, first_gate, vectors, tail, columns);                                 \
  }                                                                                                                  \
  void pack_columns(const T* from, int64_t depth, int64_t width, int64_t depth_stride, int64_t width_stride,         \
                    T* columns) {                                                                                    \
    matrix_to_columns(from, depth, width, depth_stride, width_stride, columns);                                      \
  }

TIDEGATE_DEFINE(float)
TIDEGATE_DEFINE(double)

}  // namespace tidegate::TIDEGATE_ISA
