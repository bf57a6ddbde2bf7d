#include "runtime/memory.hpp"

#include <pthread.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

namespace tidegate {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kLimit = size_t(256) << 20;

// Freed blocks by capacity. Never destroyed, since buffers may be freed while the process ends.
class Pool {
 public:
  void* take(size_t bytes, size_t& capacity) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = free_.lower_bound(bytes);
    if (found == free_.end() || found->first > 2 * bytes) return nullptr;
    void* block = found->second;
    capacity = found->first;
    held_ -= capacity;
    free_.erase(found);
    return block;
  }

  bool give(void* block, size_t capacity) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (held_ + capacity > kLimit) return false;
    free_.emplace(capacity, block);
    held_ += capacity;
    return true;
  }

  // Held over a fork, so that a child never finds it locked by a thread it does not have.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  std::multimap<size_t, void*> free_;
  size_t held_ = 0;
};

Pool& pool() {
  static Pool* const instance = [] {
    pthread_atfork([] { pool().lock(); }, [] { pool().unlock(); }, [] { pool().unlock(); });
    return new Pool;
  }();
  return *instance;
}

}  // namespace

OutOfMemory::OutOfMemory(double bytes) {
  std::snprintf(text_, sizeof text_, "Unable to allocate %.1f MiB (%.0f bytes) of working memory", bytes / 1048576,
                bytes);
}

Buffer::Buffer(size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  data_ = pool().take(bytes, capacity_);
  if (data_) return;
  capacity_ = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  data_ = std::aligned_alloc(kAlignment, capacity_);
  if (!data_) throw OutOfMemory(static_cast<double>(bytes));
}

Buffer::~Buffer() {
  if (capacity_ > 0 && !pool().give(data_, capacity_)) std::free(data_);
}

}  // namespace tidegate
