// What the operators of convolutions take alike.
#pragma once

#include "dispatch/conv.hpp"

namespace tidegate::python {

Padding padding_named(const std::string& name);

// Places in time are products of these: of 31 bits each, they cannot overflow.
int64_t steps(int64_t value, const char* name);

}  // namespace tidegate::python
