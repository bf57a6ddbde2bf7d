// Packing weights for the kernels: in full or as narrower numbers, now or as it was done before.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "dispatch/narrow.hpp"

namespace tidegate {

// How a Program's weights are packed. Its arrays are made one after the other; they may be somebody else's instead,
// such as those of a mapped file, which an equal Packing of equal layers made in the same order.
class Packing {
 public:
  struct Bytes {
    const void* data;
    size_t size;
  };

  explicit Packing(const InstructionSet& set, Precision precision = Precision::full, std::vector<Bytes> made = {})
      : set_(&set), precision_(precision), made_(std::move(made)), given_(!made_.empty()) {}

  const InstructionSet& set() const { return *set_; }
  Precision precision() const { return precision_; }
  bool given() const { return given_; }

  // n elements that fill(elements) writes, unless they are given. Throws std::invalid_argument where what is given does
  // not fit.
  template <class T, class Fill>
  Array<T> array(int64_t n, Fill fill) {
    if (given_) {
      const bool fits = next_ < made_.size() && made_[next_].size == static_cast<size_t>(n) * sizeof(T) &&
                        reinterpret_cast<uintptr_t>(made_[next_].data) % alignof(T) == 0;
      if (!fits) throw std::invalid_argument("the packed weights do not fit the layers.");
      return Array<T>(static_cast<const T*>(made_[next_++].data), n);
    }
    Array<T> array(n);
    fill(array.data());
    made_.push_back({array.data(), array.bytes()});
    return array;
  }

  // All arrays, as long as those who have them live.
  const std::vector<Bytes>& arrays() const { return made_; }

 private:
  const InstructionSet* set_;
  Precision precision_;
  std::vector<Bytes> made_;
  bool given_;
  size_t next_ = 0;
};

// What n columns take up in vectors of so many lanes.
inline int64_t whole_vectors(int64_t n, int64_t lanes) { return (n + lanes - 1) / lanes * lanes; }

// The right factor of a product, of a matrix [depth, width], in the layout that pack(matrix, depth, to) writes.
template <class T>
class PackedFactor {
 public:
  PackedFactor() = default;

  // `narrow` is null for elements of T. padded_width is what pack() makes of a row.
  template <class Pack>
  PackedFactor(Packing& packing, const NarrowTable* narrow, const T* matrix, int64_t depth, int64_t width,
               int64_t padded_width, Pack pack) {
    if constexpr (sizeof(T) == sizeof(float)) {
      if (narrow) {
        const int64_t elements = elements_of(*narrow, depth);
        const NarrowMatrix numbers = packing.given() ? NarrowMatrix() : NarrowMatrix(*narrow, matrix, depth, width);
        elements_ =
            packing.array<T>(elements * padded_width, [&](T* to) { pack(numbers.elements.data(), elements, to); });
        if (!narrow->scaled) return;
        scale_ = packing.array<T>(padded_width, [&](T* to) { pack(numbers.scale.data(), 1, to); });
        start_ = packing.array<T>(padded_width, [&](T* to) { pack(numbers.start.data(), 1, to); });
        return;
      }
    }
    elements_ = packing.array<T>(depth * padded_width, [&](T* to) { pack(matrix, depth, to); });
  }

  const void* elements() const { return elements_.data(); }
  ColumnScales columns() const {
    return {reinterpret_cast<const float*>(scale_.data()), reinterpret_cast<const int32_t*>(start_.data())};
  }
  size_t bytes() const { return elements_.bytes() + scale_.bytes() + start_.bytes(); }

 private:
  Array<T> elements_, scale_, start_;
};

}  // namespace tidegate
