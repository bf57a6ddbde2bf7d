// What this core can do at best in this instruction set: the bounds that speeds are stated against.
#include "kernels/table.hpp"
#include "kernels/tile.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// Independent chains, enough to hide the latency of fma (4 or 5 cycles at two a cycle) within 16 registers.
constexpr int kChains = 12;

template <class T>
double fma_chains(int64_t iterations) {
  Vec<T> sums[kChains];
  const Vec<T> factor = broadcast(T(0.999)), term = broadcast(T(0.001));
  TIDEGATE_UNROLL
  for (int i = 0; i < kChains; ++i) sums[i] = broadcast(T(i));
  for (int64_t n = 0; n < iterations; ++n)
    TIDEGATE_UNROLL
    for (int i = 0; i < kChains; ++i) {
      sums[i] = fma(sums[i], factor, term);
      __asm__ volatile("" : "+"
#if defined(__x86_64__)
                       "x"
#else
                       "w"
#endif
                       (sums[i]));
    }
  return 2.0 * double(iterations) * kChains * kLanes<T>;
}

template <class T>
T read_all(const T* data, int64_t n, int64_t times) {
  constexpr int kWide = 8;
  Vec<T> sums[kWide] = {};
  for (int64_t time = 0; time < times; ++time)
    for (int64_t i = 0; i + kWide * kLanes<T> <= n; i += kWide * kLanes<T>)
      TIDEGATE_UNROLL
      for (int j = 0; j < kWide; ++j) sums[j] += load(data + i + j * kLanes<T>);
  T total = 0;
  for (int j = 0; j < kWide; ++j)
    for (int lane = 0; lane < kLanes<T>; ++lane) total += sums[j][lane];
  return total;
}

}  // namespace

double fma_chain_f32(int64_t iterations) { return fma_chains<float>(iterations); }
double fma_chain_f64(int64_t iterations) { return fma_chains<double>(iterations); }
float read(const float* data, int64_t n, int64_t times) { return read_all(data, n, times); }
double read(const double* data, int64_t n, int64_t times) { return read_all(data, n, times); }

}  // namespace tidegate::TIDEGATE_ISA
