// The only file that knows OpenMP.
#include "runtime/parallel.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <string>

#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tidegate {
namespace {

// Flush-to-zero and denormals-are-zero while in scope.
class FlushSubnormals {
 public:
#if defined(__x86_64__)
  FlushSubnormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
  ~FlushSubnormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushSubnormals() {
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved_));
    __asm__ volatile("msr fpcr, %0" ::"r"(saved_ | (uint64_t(1) << 24)));
  }
  ~FlushSubnormals() { __asm__ volatile("msr fpcr, %0" ::"r"(saved_)); }

 private:
  uint64_t saved_;
#endif
};

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// Spins for a while, since the others are usually a microsecond away, and then leaves the processor to them.
template <class Arrived>
void wait_until(Arrived arrived) {
  // About 3 us: longer than a step of work that is shared fairly, and short where both threads have but one processor.
  constexpr int kSpins = 200;
  for (int spins = 0; !arrived(); ++spins) {
    if (spins < kSpins)
      pause();
    else
      sched_yield();
  }
}

// Where the members of a team meet: each one says on a line of its own how often it has come, and looks at the others'.
// A counter that all add to would go from core to core twice as often.
class Barrier {
 public:
  // Before a team of so many begins: all have come equally often.
  void prepare(int count) {
    if (count > size_) {
      places_ = new Place[static_cast<size_t>(count)];  // never destroyed: a process may end in the middle of work
      size_ = count;
    }
    const unsigned rounds = places_[0].rounds.load(std::memory_order_relaxed);
    for (int i = 1; i < count; ++i)
      if (places_[i].rounds.load(std::memory_order_relaxed) != rounds) places_[i].rounds = rounds;
  }

  void meet(int index, int count) {
    const unsigned rounds = places_[index].rounds.load(std::memory_order_relaxed) + 1;
    places_[index].rounds.store(rounds, std::memory_order_release);
    for (int i = 1; i < count; ++i) {
      const Place& other = places_[(index + i) % count];
      wait_until([&] { return static_cast<int>(other.rounds.load(std::memory_order_acquire) - rounds) >= 0; });
    }
  }

 private:
  struct alignas(128) Place {  // processors fetch lines in pairs
    std::atomic<unsigned> rounds{0};
  };

  Place* places_ = nullptr;
  int size_ = 0;
};

// Off one processor, while in scope, if this thread is on it and may be elsewhere. A kernel that wakes a sleeping
// thread may put it beside the one that woke it, though another processor is idle (those of virtual machines are not
// seen to be), and for a millisecond or more both would take turns at every meeting.
class KeepOff {
 public:
  explicit KeepOff(int cpu) {
    if (sched_getcpu() != cpu || sched_getaffinity(0, sizeof allowed_, &allowed_) != 0) return;
    cpu_set_t others = allowed_;
    CPU_CLR(static_cast<unsigned>(cpu), &others);
    moved_ = CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0;
  }
  ~KeepOff() {
    if (moved_) sched_setaffinity(0, sizeof allowed_, &allowed_);
  }
  KeepOff(const KeepOff&) = delete;
  KeepOff& operator=(const KeepOff&) = delete;

 private:
  cpu_set_t allowed_;
  bool moved_ = false;
};

std::atomic<bool> forked{false};
[[maybe_unused]] std::mutex team_mutex;
[[maybe_unused]] Barrier team_barrier;  // of who holds the mutex
std::atomic<int> threads_setting{0};
thread_local int thread_limit = 0;
thread_local Interruptible* interruptible = nullptr;

// libgomp's threads do not live on in a forked child, and its next parallel region there would wait for them for ever.
// The mutex may have been held by a thread that is not there any more either, but nobody asks for it in the child.
const int at_fork = pthread_atfork(nullptr, nullptr, [] { forked = true; });

// CPUs' worth of time that the control group allows, or `most`.
int quota(int most) {
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string allowed;
  double period = 0;
  if (v2 >> allowed >> period) {
    if (allowed == "max" || period <= 0) return most;
    return std::max(1, static_cast<int>(std::stod(allowed) / period));
  }
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double quota_us = 0;
  if (quota_file >> quota_us && period_file >> period && quota_us > 0 && period > 0)
    return std::max(1, static_cast<int>(quota_us / period));
  return most;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// How long threads spin after a team's work before they sleep (see python/tidegate/_native.py), and what it costs to
// wake them then.
constexpr double kSecondsAwake = 100e-6, kSecondsToWake = 70e-6;
// Guesses that threads may disturb each other in: nothing but time depends on them.
std::atomic<double> team_ended{0}, last_call{0}, seconds_lost{0};

int default_threads() {
  cpu_set_t set;
  const int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return std::max(1, std::min(cpus, quota(cpus)));
}

}  // namespace

void Member::meet() const {
  if (barrier_) static_cast<Barrier*>(barrier_)->meet(index, count);
}

void Progress::wait_for(int64_t place) const {
  wait_until([&] { return place_.load(std::memory_order_acquire) >= place; });
}

ThreadLimit::ThreadLimit(int threads) : outer_(thread_limit) {
  if (threads > 0) thread_limit = threads;
}

ThreadLimit::~ThreadLimit() { thread_limit = outer_; }

constexpr double kSecondsBetweenAsking = 50e-3;

Interruptible::Interruptible(bool (*wanted)()) : wanted_(wanted), outer_(interruptible), asked_(now()) {
  interruptible = this;
}

Interruptible::~Interruptible() { interruptible = outer_; }

Interruptible* Interruptible::current() { return interruptible; }

bool Interruptible::ask() {
  if (interruptible != this || given_up() || now() - asked_ < kSecondsBetweenAsking) return given_up();
  interruptible = nullptr;  // what a handler computes is not this work
  if (wanted_()) given_up_.store(true, std::memory_order_relaxed);
  interruptible = this;
  asked_ = now();
  return given_up();
}

int num_threads() {
  int threads = threads_setting.load(std::memory_order_relaxed);
  if (threads == 0) {
    threads = default_threads();
    threads_setting = threads;
  }
  return thread_limit > 0 ? std::min(thread_limit, threads) : threads;
}

void set_num_threads(int threads) { threads_setting = std::max(1, threads); }

bool team_pays(double seconds_saved) {
  const double time = now(), since_last = time - last_call.exchange(time, std::memory_order_relaxed);
  if (time - team_ended.load(std::memory_order_relaxed) < kSecondsAwake) return true;
  // The last call lasted about as long as this one will, alone.
  const bool close = since_last < 2 * seconds_saved + kSecondsAwake;
  const double lost = (close ? seconds_lost.load(std::memory_order_relaxed) : 0) + seconds_saved;
  const bool pays = lost > kSecondsToWake;
  seconds_lost.store(pays ? 0 : lost, std::memory_order_relaxed);
  return pays;
}

void detail::run_team([[maybe_unused]] int wanted, void (*body)(void*, const Member&), void* context) {
#if defined(_OPENMP)
  if (wanted > 1 && !forked.load(std::memory_order_relaxed)) {
    const std::unique_lock<std::mutex> mine(team_mutex, std::try_to_lock);
    if (mine.owns_lock()) {
      team_barrier.prepare(wanted);
      const int here = sched_getcpu();
#pragma omp parallel num_threads(wanted)
      {
        const KeepOff apart(omp_get_thread_num() == 0 ? -1 : here);
        const FlushSubnormals flush;
        body(context, Member(omp_get_thread_num(), omp_get_num_threads(), &team_barrier));
      }
      team_ended.store(now(), std::memory_order_relaxed);
      return;
    }
  }
#endif
  const FlushSubnormals flush;
  body(context, Member(0, 1, nullptr));
}

const char* threading_name() {
#if defined(_OPENMP)
  return "OpenMP";
#else
  return "none";
#endif
}

}  // namespace tidegate
