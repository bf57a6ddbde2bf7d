// A recurrent layer's forward pass, planned and with its scratch memory, as what each member of a team does of it: so
// that two passes can share a team.
#pragma once

#include <atomic>

#include "dispatch/recurrent.hpp"
#include "dispatch/row_order.hpp"
#include "runtime/parallel.hpp"

namespace tidegate {

struct ForwardPlan {
  int threads;
  bool share_units;     // threads share the units of all rows and meet after every step, instead of sharing the rows
  int64_t input_steps;  // timesteps of the blocked input product, 0: it is made step by step
  int64_t rows_of_pass;
};

// For a team of at most `threads`; `may_meet` unless its members are not the whole of a team that can meet. The batch
// must not be empty.
template <class T>
ForwardPlan plan_forward(const RecurrentConfig&, const PackedRecurrent<T>&, const RecurrentShape&, int threads,
                         bool may_meet);

// For a layer alone.
template <class T>
ForwardPlan plan_forward(const RecurrentConfig&, const PackedRecurrent<T>&, const RecurrentShape&);

template <class T>
class ForwardPass {
 public:
  // The arguments must outlive the pass, and the batch must not be empty.
  ForwardPass(const RecurrentConfig& config, const PackedRecurrent<T>& weights, const RecurrentForward<T>& call,
              KeptRecurrent<T>* kept, const ForwardPlan& plan);

  // Members that it has work for, at least one.
  int threads() const { return plan.threads; }

  // A member's share of the pass. All members of one team call it, and no more than threads().
  void run(const Member& member) const;

  // The same in parts: without a mask, timesteps may be run block after block.
  void start(const Member& member) const;
  void run_steps(const Member& member, int64_t first_step, int64_t end_of_steps) const;
  void finish(const Member& member) const;

 private:
  bool shares_units(const Member& member) const { return plan.share_units && member.count > 1; }
  void start_row(int64_t b) const;
  void narrow_row(int64_t slot, int64_t b) const;
  void run_kernel(const ForwardArgs<T>& mine, const Member& member) const;
  void move_states(const ForwardArgs<T>& mine, int64_t from, int64_t to) const;
  void finish_row(int64_t b) const;

  const RecurrentConfig& config;
  const RecurrentForward<T>& call;
  const KernelTable<T>& kernels;
  const NarrowTable* const narrow;  // null: products are of T
  const ForwardPlan plan;
  const RowOrder order;
  // Whether a pass begins and ends with its rows' real steps: where neither states nor outputs of masked steps are
  // kept. The two slots of the states alternate, so they are moved to where its first step, and the caller, look for
  // them.
  const bool trimmed;
  const int64_t B, P;
  // Where the work may be given up, it is done in pieces of so many steps, and member 0 says whether to go on.
  Interruptible* const interruptible = Interruptible::current();
  int64_t steps_of_piece;
  mutable std::atomic<bool> given_up{false};
  Scratch scratch;
  ForwardArgs<T> args{};  // of all rows and units, with the scratch of member 0
};

}  // namespace tidegate
