// Many live sequences of one Program, each with states of its own that are carried from call to call.
//
// A stream is known by its id. A call advances any subset of the streams as one batch: their states are gathered into
// the rows of that batch and put back after it. So the kernels see an ordinary batch, and a stream's bits do not depend
// on which others share its call.
#pragma once

#include <mutex>

#include "program/program.hpp"

namespace tidegate {

template <class T>
class Streams {
 public:
  // Room for `capacity` streams. Throws std::invalid_argument for a Program with a step that needs whole sequences.
  Streams(std::shared_ptr<const Program<T>> program, int64_t capacity);

  const Program<T>& program() const { return *program_; }
  int64_t capacity() const { return static_cast<int64_t>(owner_.size()); }
  const std::vector<int64_t>& state_lengths() const { return lengths_; }

  // A stream with zero states. Throws std::length_error when all places are taken.
  int64_t open();
  // All of these check every id first, and throw std::invalid_argument before anything changes: ids [n] must be of open
  // streams and differ from each other.
  void close(const int64_t* ids, int64_t n);
  void reset(const int64_t* ids, int64_t n);
  // x [n, T, F] -> y, as shapes() of the Program say; the states of these streams move on.
  void advance(const std::vector<Shape>& shapes, const int64_t* ids, const T* x, T* y);
  // State i of the streams, or all of them, each [n, length].
  void read_state(size_t i, const int64_t* ids, int64_t n, T* to);
  void write_states(const int64_t* ids, int64_t n, const std::vector<const T*>& from);

 private:
  using Turn = std::lock_guard<std::mutex>;

  void check(const int64_t* ids, int64_t n);
  T* row(int64_t id) const { return states_.data() + id % capacity() * width_; }
  void gather(size_t i, const int64_t* ids, int64_t n, T* to) const;
  void scatter(size_t i, const int64_t* ids, int64_t n, const T* from);

  std::shared_ptr<const Program<T>> program_;
  std::vector<int64_t> lengths_, offsets_;  // of each state, in the row of a stream
  int64_t width_ = 0;
  Array<T> states_;             // [capacity, width]
  std::vector<int64_t> owner_;  // of each place: its stream's id, or its last one's; the next is larger by the capacity
  std::vector<bool> open_;      // of each place
  std::vector<int64_t> free_;   // places, the next one last
  std::vector<int64_t> seen_;   // of each place: the last call that named it
  int64_t calls_ = 0;
  std::mutex busy_;  // held for the length of a call: a stream cannot take two turns at once
};

}  // namespace tidegate
