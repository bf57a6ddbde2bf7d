// Aligned memory that is used again from call to call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace tidegate {

// Says how much was asked for, in memory of its own.
class OutOfMemory final : public std::bad_alloc {
 public:
  explicit OutOfMemory(double bytes);
  const char* what() const noexcept override { return text_; }

 private:
  char text_[96];
};

// Bytes on a cache-line boundary. Freed buffers are kept for the next ones of about their size (up to a limit), since
// fresh pages from the system cost more than the arithmetic on them. Contents are whatever was there before.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t bytes);  // throws OutOfMemory
  // Memory of somebody else, who keeps it for as long.
  Buffer(const void* data, size_t bytes) : data_(const_cast<void*>(data)), bytes_(bytes) {}
  ~Buffer();
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  size_t capacity_ = 0, bytes_ = 0;  // no capacity: not ours to free
};

// n elements of T in a Buffer.
template <class T>
class Array {
 public:
  Array() = default;
  explicit Array(int64_t n) : buffer_(static_cast<size_t>(n) * sizeof(T)), size_(n) {}
  // Of somebody else, to be read only.
  Array(const T* data, int64_t n) : buffer_(data, static_cast<size_t>(n) * sizeof(T)), size_(n) {}

  T* data() const { return static_cast<T*>(buffer_.data()); }
  int64_t size() const { return size_; }
  size_t bytes() const { return buffer_.bytes(); }
  T& operator[](int64_t i) const { return data()[i]; }

 private:
  Buffer buffer_;
  int64_t size_ = 0;
};

// Several arrays in one Buffer: reserve them all, allocate once, then ask for each.
class Scratch {
 public:
  template <class T>
  struct Part {
    size_t offset;
  };

  template <class T>
  Part<T> reserve(int64_t n) {
    const size_t offset = bytes_;
    bytes_ += (static_cast<size_t>(n) * sizeof(T) + 63) / 64 * 64;
    return {offset};
  }

  void allocate() { buffer_ = Buffer(bytes_); }

  template <class T>
  T* operator[](Part<T> part) const {
    return reinterpret_cast<T*>(static_cast<char*>(buffer_.data()) + part.offset);
  }

 private:
  size_t bytes_ = 0;
  Buffer buffer_;
};

}  // namespace tidegate
