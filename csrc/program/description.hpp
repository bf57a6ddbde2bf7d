// How a step would go about an input: what the functions that plan a call say of it.
#pragma once

#include <vector>

#include "dispatch/forward_pass.hpp"

namespace tidegate {

struct Description {
  const char* runs = "native";
  const InstructionSet* set = nullptr;  // null where no kernel runs
  int threads = 0;
  bool tiled = false;                    // the kernels are products in tiles of registers
  bool apart = false;                    // each half of the threads takes one of the two passes
  std::vector<ForwardPlan> passes = {};  // over time: one, or one for each direction
};

}  // namespace tidegate
