// Teams of threads. The rest of the code says what a member of a team does and knows nothing of OpenMP.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace tidegate {

// Threads a team has at most: min(CPU affinity, cgroup quota) unless set.
int num_threads();
void set_num_threads(int threads);

// Bounds the teams that this thread asks for, while in scope; 0 bounds nothing.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int outer_;
};

// While in scope, long work of this thread may be given up: its results will be thrown away. `wanted` says whether it
// is to be, and is called on this thread only, every 50 ms at most.
class Interruptible {
 public:
  explicit Interruptible(bool (*wanted)());
  ~Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  // That of the calling thread, or null.
  static Interruptible* current();

  // Whether the work is given up; asks where this is the thread to ask on.
  bool ask();
  bool given_up() const { return given_up_.load(std::memory_order_relaxed); }

 private:
  bool (*const wanted_)();
  Interruptible* const outer_;
  double asked_;
  std::atomic<bool> given_up_{false};
};

// One thread of a team.
class Member {
 public:
  Member(int index, int count, void* barrier) : index(index), count(count), barrier_(barrier) {}

  const int index, count;

  // Returns when every member of the team has called it.
  void meet() const;

  // This member's share [begin, end) of n things, as even as possible.
  int64_t begin(int64_t n) const { return n * index / count; }
  int64_t end(int64_t n) const { return n * (index + 1) / count; }

 private:
  void* barrier_;
};

// How far one member of a team has got in something that another waits for.
class Progress {
 public:
  void reach(int64_t place) { place_.store(place, std::memory_order_release); }
  void wait_for(int64_t place) const;

 private:
  std::atomic<int64_t> place_{0};
};

// Whether a team pays for a call that it would make so many seconds shorter. One that has just worked still spins, and
// costs nothing to wake; to wake one that sleeps costs kSecondsToWake, which pays when calls come so close together
// that the team stays awake between them. So it is woken when a row of such calls has lost as much without it: at worst
// that takes twice what the best choice would.
bool team_pays(double seconds_saved);

namespace detail {
void run_team(int wanted, void (*body)(void*, const Member&), void* context);
}

// Runs body(member) once in each member of a team of at most `wanted` threads, and returns when all are done. The body
// must give the same results for any count, since fewer threads may be granted: one team runs at a time in a process,
// and a caller that finds it taken, or that lives in a forked child, works alone on its own thread. Subnormal numbers
// are flushed to zero inside the body, and the thread's floating-point state is restored after it. The body must not
// throw.
template <class Body>
void run_team(int wanted, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  detail::run_team(
      wanted, [](void* context, const Member& member) { (*static_cast<Plain*>(context))(member); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

const char* threading_name();

}  // namespace tidegate
