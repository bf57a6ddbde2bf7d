#include "dispatch/narrow.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>

namespace tidegate {
namespace {

constexpr int64_t kMost = 127;  // of a whole number
// Each number adds at most 127 * 127 to a sum, and 128 * 127 to what it starts from: 2^17 of them stay below 2^31.
constexpr int64_t kMostDepth = 1 << 17;

// The upper half of a float32, to nearest and a tie to even. A NaN stays one.
uint32_t bfloat16_of(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return std::isnan(value) ? bits >> 16 | 0x40 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

}  // namespace

NarrowMatrix::NarrowMatrix(const NarrowTable& table, const float* from, int64_t depth, int64_t width)
    : elements(elements_of(table, depth) * width) {
  if (table.scaled && depth > kMostDepth)
    throw std::invalid_argument("int8 expected a layer of at most " + std::to_string(kMostDepth) +
                                " features or units, received " + std::to_string(depth) + ".");
  const int bits = 32 / table.numbers;
  if (table.scaled) scale = Array<float>(width), start = Array<float>(width);
  for (int64_t j = 0; j < width; ++j) {
    float most = 0;
    for (int64_t k = 0; table.scaled && k < depth; ++k) {
      const float value = from[k * width + j];
      if (!std::isfinite(value)) throw std::invalid_argument("int8 expected weights that are finite.");
      most = std::max(most, std::fabs(value));
    }
    const float scale_of_column = most / kMost;
    int32_t sum = 0;
    const auto number = [&](int64_t k) -> uint32_t {
      if (k >= depth) return 0;
      const float value = from[k * width + j];
      if (!table.scaled) return bfloat16_of(value);
      const bool counts = std::isnormal(scale_of_column);  // the kernels flush others to zero
      const auto whole = counts ? static_cast<int32_t>(std::lround(value / scale_of_column)) : 0;
      sum += whole;
      return static_cast<uint32_t>(whole) & 0xff;
    };
    for (int64_t k = 0; k < elements_of(table, depth); ++k) {
      uint32_t element = 0;
      for (int i = 0; i < table.numbers; ++i) element |= number(k * table.numbers + i) << (i * bits);
      elements[k * width + j] = std::bit_cast<float>(element);
    }
    // Rows hold their numbers plus 128.
    if (table.scaled) scale[j] = scale_of_column, start[j] = std::bit_cast<float>(-128 * sum);
  }
}

}  // namespace tidegate
