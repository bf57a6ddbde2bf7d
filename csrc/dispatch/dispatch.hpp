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

template <class T>
const KernelTable<T>& table(const InstructionSet& set) {
  if constexpr (sizeof(T) == 4)
    return set.f32;
  else
    return set.f64;
}

}  // namespace tidegate
