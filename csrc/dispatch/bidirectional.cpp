#include "dispatch/bidirectional.hpp"

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// Of y [B, T, width] or [B, width], where a direction's outputs go in the order of its processing.
template <class T>
Sequence<T> places(T* y, const RecurrentConfig& config, int64_t timesteps, int64_t width, bool turned_round) {
  if (!config.return_sequences) return {y, 0, width};
  if (turned_round) return {y + (timesteps - 1) * width, -width, timesteps * width};
  return {y, width, timesteps * width};
}

// Whether each half of a team takes one direction, instead of all of it one after the other. Then a thread reads the
// weights of one direction only and has twice as many rows for them: never slower where the halves are even, and much
// faster where there are few rows.
bool go_apart(const RecurrentConfig& first, const RecurrentConfig& second, int64_t batch, int threads) {
  const bool even = threads % 2 == 0 && first.cell == second.cell && first.units == second.units;
  return threads > 1 && (even || batch < 2 * threads);
}

}  // namespace

template <class T>
void merge(Merge how, const T* other, int64_t n, T* y) {
  switch (how) {
    case Merge::sum:
      for (int64_t i = 0; i < n; ++i) y[i] += other[i];
      return;
    case Merge::mul:
      for (int64_t i = 0; i < n; ++i) y[i] *= other[i];
      return;
    case Merge::ave:
      for (int64_t i = 0; i < n; ++i) y[i] = (y[i] + other[i]) / 2;
      return;
    case Merge::concat:
      return;
  }
}

template <class T>
BidirectionalPlan plan_forward(const Direction<T>& first, const Direction<T>& second, const RecurrentShape& shape) {
  const int threads =
      threads_for(work(first.config, first.weights, shape) + work(second.config, second.weights, shape));
  const bool apart = go_apart(first.config, second.config, shape.batch, threads);
  const int threads_of_pass = apart ? (threads + 1) / 2 : threads;
  const ForwardPlan there = plan_forward(first.config, first.weights, shape, threads_of_pass, !apart);
  const ForwardPlan back = plan_forward(second.config, second.weights, shape, threads_of_pass, !apart);
  return {apart ? std::min(threads, there.threads + back.threads) : threads, apart, there, back};
}

template <class T>
void forward(Merge how, const Direction<T>& first, const Direction<T>& second, const RecurrentShape& shape, const T* x,
             const uint8_t* mask, T* y) {
  const int64_t B = shape.batch, steps = shape.timesteps, U = first.config.units;
  if (B == 0) return;
  const bool concat = how == Merge::concat;
  const int64_t width = concat ? U + second.config.units : U;
  const int64_t width_of_row = first.config.return_sequences ? steps * width : width;
  const Array<T> other(concat ? 0 : B * width_of_row);

  RecurrentForward<T> call{}, call_back{};
  call.shape = call_back.shape = shape;
  call.x = call_back.x = x;
  call.mask = call_back.mask = mask;
  call.y = places(y, first.config, steps, width, false);
  call_back.y = places(concat ? y + U : other.data(), second.config, steps, width, true);

  const BidirectionalPlan plan = plan_forward(first, second, shape);
  const ForwardPass<T> there(first.config, first.weights, call, nullptr, plan.first);
  const ForwardPass<T> back(second.config, second.weights, call_back, nullptr, plan.second);

  run_team(plan.threads, [&](const Member& member) {
    const int half = (member.count + 1) / 2;
    if (plan.apart && member.index < half && member.count > 1) {
      there.run(Member(member.index, half, nullptr));
    } else if (plan.apart && member.count > 1) {
      back.run(Member(member.index - half, member.count - half, nullptr));
    } else {
      there.run(member);
      back.run(member);
    }
    if (concat) return;
    member.meet();
    const int64_t begin = member.begin(B) * width_of_row, end = member.end(B) * width_of_row;
    merge(how, other.data() + begin, end - begin, y + begin);
  });
}

template BidirectionalPlan plan_forward(const Direction<float>&, const Direction<float>&, const RecurrentShape&);
template BidirectionalPlan plan_forward(const Direction<double>&, const Direction<double>&, const RecurrentShape&);
template void merge(Merge, const float*, int64_t, float*);
template void merge(Merge, const double*, int64_t, double*);
template void forward(Merge, const Direction<float>&, const Direction<float>&, const RecurrentShape&, const float*,
                      const uint8_t*, float*);
template void forward(Merge, const Direction<double>&, const Direction<double>&, const RecurrentShape&, const double*,
                      const uint8_t*, double*);

}  // namespace tidegate
