#include "program/conv_lstm_step.hpp"

namespace tidegate {

Shape conv_lstm_output_shape(const ConvLstmConfig& config, int64_t features, const Shape& input) {
  if (input.size() != 4 || input[3] != features)
    refuse("ConvLSTM1D", "shape (batch, timesteps, positions, " + std::to_string(features) + ")", input);
  if (input[1] == 0) refuse("ConvLSTM1D", "at least one timestep", input);
  const int64_t fewest = config.padding == Padding::valid ? config.input(1).span() : 1;
  if (input[2] < fewest) refuse("ConvLSTM1D", "at least " + std::to_string(fewest) + " positions", input);
  if (config.return_sequences) return {input[0], input[1], config.windows(input[2]), config.filters};
  return {input[0], config.windows(input[2]), config.filters};
}

}  // namespace tidegate
