#include "program/streams.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "dispatch/plan.hpp"

namespace tidegate {
namespace {

// What copying one element is worth in arithmetic, to decide how many threads do it.
constexpr double kFlopsOfCopy = 32;

}  // namespace

template <class T>
Streams<T>::Streams(std::shared_ptr<const Program<T>> program, int64_t capacity)
    : program_(std::move(program)),
      lengths_(program_->state_lengths()),
      owner_(static_cast<size_t>(capacity)),
      open_(static_cast<size_t>(capacity)),
      seen_(static_cast<size_t>(capacity), -1) {
  const int64_t whole = program_->first_without_streams();
  if (whole >= 0)
    throw std::invalid_argument("a stream needs layers that go forward in time, but " + program_->names()[whole] +
                                " needs the whole sequence.");
  for (const int64_t length : lengths_) {
    offsets_.push_back(width_);
    width_ += length;
  }
  states_ = Array<T>(capacity * width_);
  for (int64_t place = capacity - 1; place >= 0; --place) {
    owner_[place] = place - capacity;  // so that its first stream has its own number
    free_.push_back(place);
  }
}

template <class T>
void Streams<T>::check(const int64_t* ids, int64_t n) {
  ++calls_;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t id = ids[i], place = id < 0 ? 0 : id % capacity();
    const bool open = owner_[place] == id && open_[place];
    if (!open || seen_[place] == calls_)
      throw std::invalid_argument("argument `ids` expected open streams, each once; received " + std::to_string(id) +
                                  (open ? " twice." : ", which is not open."));
    seen_[place] = calls_;
  }
}

template <class T>
void Streams<T>::gather(size_t i, const int64_t* ids, int64_t n, T* to) const {
  for (int64_t r = 0; r < n; ++r) std::copy_n(row(ids[r]) + offsets_[i], lengths_[i], to + r * lengths_[i]);
}

template <class T>
void Streams<T>::scatter(size_t i, const int64_t* ids, int64_t n, const T* from) {
  for (int64_t r = 0; r < n; ++r) std::copy_n(from + r * lengths_[i], lengths_[i], row(ids[r]) + offsets_[i]);
}

template <class T>
int64_t Streams<T>::open() {
  const Turn turn(busy_);
  if (free_.empty())
    throw std::length_error("all " + std::to_string(capacity()) + " streams are open; close one first.");
  const int64_t place = free_.back();
  free_.pop_back();
  open_[place] = true;
  const int64_t id = owner_[place] += capacity();
  std::fill_n(row(id), width_, T(0));
  return id;
}

template <class T>
void Streams<T>::close(const int64_t* ids, int64_t n) {
  const Turn turn(busy_);
  check(ids, n);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t place = ids[i] % capacity();
    open_[place] = false;
    free_.push_back(place);
  }
}

template <class T>
void Streams<T>::reset(const int64_t* ids, int64_t n) {
  const Turn turn(busy_);
  check(ids, n);
  for (int64_t i = 0; i < n; ++i) std::fill_n(row(ids[i]), width_, T(0));
}

template <class T>
void Streams<T>::advance(const std::vector<Shape>& shapes, const int64_t* ids, const T* x, T* y) {
  const Turn turn(busy_);
  const int64_t n = shapes.front()[0];
  check(ids, n);
  Array<T> gathered(n * width_);
  std::vector<T*> states;
  for (size_t i = 0; i < lengths_.size(); ++i) states.push_back(gathered.data() + n * offsets_[i]);
  const auto share = [&](auto copy) {
    run_team(threads_for(kFlopsOfCopy * n * width_), [&](const Member& member) {
      const int64_t begin = member.begin(n), count = member.end(n) - begin;
      for (size_t i = 0; i < lengths_.size(); ++i) copy(i, ids + begin, count, states[i] + begin * lengths_[i]);
    });
  };
  share([&](size_t i, const int64_t* some, int64_t count, T* to) { gather(i, some, count, to); });
  program_->run(shapes, x, y, {states.data(), nullptr});
  share([&](size_t i, const int64_t* some, int64_t count, T* from) { scatter(i, some, count, from); });
}

template <class T>
void Streams<T>::read_state(size_t i, const int64_t* ids, int64_t n, T* to) {
  const Turn turn(busy_);
  check(ids, n);
  gather(i, ids, n, to);
}

template <class T>
void Streams<T>::write_states(const int64_t* ids, int64_t n, const std::vector<const T*>& from) {
  const Turn turn(busy_);
  check(ids, n);
  for (size_t i = 0; i < lengths_.size(); ++i) scatter(i, ids, n, from[i]);
}

template class Streams<float>;
template class Streams<double>;

}  // namespace tidegate
