#include "dispatch/wavefront.hpp"

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// Two tiles of the second layer's input product: fewer would read its kernel more often, more make the second thread
// wait longer at first.
constexpr int64_t kStepsOfBlock = 12;
// One thread waits for the other in so far as it has more to do.
constexpr double kEven = 1.5;

// For a pass of one member.
template <class T>
ForwardPlan plan_alone(const StackedLayer<T>& layer, const RecurrentShape& shape) {
  return plan_forward(layer.config, layer.weights, shape, 1, false);
}

}  // namespace

template <class T>
bool pays_as_wavefront(const StackedLayer<T>& first, const StackedLayer<T>& second, const RecurrentShape& shape) {
  const RecurrentShape next{shape.batch, shape.timesteps, first.config.units};
  const bool in_order = first.config.return_sequences && !second.config.go_backwards;
  if (!in_order || shape.batch != 1 || shape.timesteps < 4 * kStepsOfBlock || num_threads() != 2) return false;
  if (std::max(first.weights.bytes(), second.weights.bytes()) > static_cast<size_t>(l2_bytes())) return false;
  const double a = work(first.config, first.weights, shape), b = work(second.config, second.weights, next);
  return a < kEven * b && b < kEven * a && threads_for(a + b) == 2;
}

template <class T>
void forward(const StackedLayer<T>& first, const RecurrentForward<T>& call, const StackedLayer<T>& second,
             const RecurrentForward<T>& second_call) {
  const ForwardPass<T> below(first.config, first.weights, call, nullptr, plan_alone(first, call.shape));
  const ForwardPass<T> above(second.config, second.weights, second_call, nullptr,
                             plan_alone(second, second_call.shape));
  const int64_t steps = call.shape.timesteps;
  Progress done;
  run_team(2, [&](const Member& member) {
    const Member alone(0, 1, nullptr);
    const auto run = [&](const ForwardPass<T>& pass, auto before, auto after) {
      pass.start(alone);
      for (int64_t t = 0, end; t < steps; t = end) {
        end = std::min(steps, t + kStepsOfBlock);
        before(end);
        pass.run_steps(alone, t, end);
        after(end);
      }
      pass.finish(alone);
    };
    const auto nothing = [](int64_t) {};
    if (member.index == 0) run(below, nothing, [&](int64_t end) { done.reach(end); });
    if (member.index == member.count - 1) run(above, [&](int64_t end) { done.wait_for(end); }, nothing);
  });
}

#define TIDEGATE_INSTANTIATE(T)                                                                           \
  template bool pays_as_wavefront(const StackedLayer<T>&, const StackedLayer<T>&, const RecurrentShape&); \
  template void forward(const StackedLayer<T>&, const RecurrentForward<T>&, const StackedLayer<T>&,       \
                        const RecurrentForward<T>&);

TIDEGATE_INSTANTIATE(float)
TIDEGATE_INSTANTIATE(double)

}  // namespace tidegate
