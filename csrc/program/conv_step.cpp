#include "program/conv_step.hpp"

namespace tidegate {

Shape conv_output_shape(const ConvConfig& config, int64_t features, const Shape& input) {
  if (input.size() != 3 || input[2] != features)
    refuse("Conv1D", "shape (batch, timesteps, " + std::to_string(features) + ")", input);
  const int64_t fewest = config.padding == Padding::valid ? config.span() : 1;
  if (input[1] < fewest) refuse("Conv1D", "at least " + std::to_string(fewest) + " timesteps", input);
  return {input[0], config.windows(input[1]), config.filters};
}

}  // namespace tidegate
