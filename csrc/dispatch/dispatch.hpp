// Which instruction set this process uses.
#pragma once

#include <string>
#include <vector>

#include "kernels/table.hpp"

namespace tidegate {

// The instruction sets that both this build and this machine have, the least capable first.
const std::vector<const InstructionSet*>& available();

// The one in use: the most capable available, or what the environment variable TIDEGATE_ISA names.
// Throws std::invalid_argument if that is not available.
const InstructionSet& current();

// Makes objects created from now on use the named set. Throws std::invalid_argument if it is not available.
void use(const std::string& name);

// What the factors of products are. Sums, states and activations are of the layer's own type.
enum class Precision { full, bfloat16, int8 };

// The kernels for narrow factors, and the instruction set they belong to: this one, or one below it where this one is
// of use to them only with dot products that the CPU lacks. No table for full.
struct NarrowKernels {
  const NarrowTable* table;
  const InstructionSet* set;
};
NarrowKernels narrow_kernels(const InstructionSet& set, Precision precision);

template <class T>
const KernelTable<T>& table(const InstructionSet& set) {
  if constexpr (sizeof(T) == 4)
    return set.f32;
  else
    return set.f64;
}

}  // namespace tidegate
