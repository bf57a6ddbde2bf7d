#include "runtime/interrupts.hpp"

#include <csignal>
#include <mutex>

namespace tidegate {
namespace {

std::mutex mutex;
int holders = 0;
struct sigaction handled_before;
volatile std::sig_atomic_t caught = 0;

void note(int) { caught = 1; }

}  // namespace

void hold_interrupts() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (holders++ > 0) return;
  caught = 0;
  struct sigaction noting = {};
  noting.sa_handler = note;
  noting.sa_flags = SA_RESTART;
  sigaction(SIGINT, &noting, &handled_before);
}

bool release_interrupts() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (--holders > 0) return false;
  sigaction(SIGINT, &handled_before, nullptr);
  if (!caught) return false;
  raise(SIGINT);
  return true;
}

}  // namespace tidegate
