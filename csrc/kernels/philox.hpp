// Random words by counting.
//
// An element's random word is a function of (seed, node, iteration, row, element) and of nothing else: Philox4x32-10
// (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A first block, counted by iteration and node
// under the seed, is the key of a second one, counted by element / 4 and row, whose word element % 4 it is.
#pragma once

#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {

constexpr int kBlockVectors = kRegisters > 16 ? 4 : 2;  // side by side: four words and a product each
constexpr int kBlocks = kBlockVectors * kLanes<double>;

// Blocks of four words, each word in the low half of a lane: counters become random numbers.
struct Blocks {
  vi64 words[4][kBlockVectors];
};

TIDEGATE_INLINE vi64 low(uint64_t number) { return vi64{} + int64_t(number & 0xFFFFFFFFu); }
TIDEGATE_INLINE vi64 high(uint64_t number) { return vi64{} + int64_t(number >> 32); }

static inline void philox(uint64_t key, Blocks& blocks) {
  auto& [a, b, c, d] = blocks.words;
  uint32_t key_0 = uint32_t(key), key_1 = uint32_t(key >> 32);
  const vi64 low_half = low(~0u), first_factor = low(0xD2511F53u), second_factor = low(0xCD9E8D57u);
  for (int round = 0; round < 10; ++round, key_0 += 0x9E3779B9u, key_1 += 0xBB67AE85u) TIDEGATE_UNROLL
    for (int v = 0; v < kBlockVectors; ++v) {
      const vi64 first = low_product(a[v], first_factor), second = low_product(c[v], second_factor);
      a[v] = ((second >> 32) & low_half) ^ b[v] ^ low(key_0);
      b[v] = second & low_half;
      c[v] = ((first >> 32) & low_half) ^ d[v] ^ low(key_1);
      d[v] = first & low_half;
    }
}

// Calls f(first, blocks) for the words of elements [first, first + 4 * kBlocks) of a row, until all n have theirs.
template <class F>
TIDEGATE_INLINE void for_each_blocks(const DropoutKey& key, uint64_t row, int64_t n, F f) {
  Blocks blocks = {};
  for (int v = 0; v < kBlockVectors; ++v) {
    blocks.words[0][v] = low(key.iteration);
    blocks.words[1][v] = high(key.iteration);
    blocks.words[2][v] = low(key.node);
    blocks.words[3][v] = high(key.node);
  }
  philox(key.seed, blocks);
  const uint64_t row_key = uint64_t(blocks.words[0][0][0]) | uint64_t(blocks.words[1][0][0]) << 32;

  int64_t places[kBlocks];
  for (int64_t i = 0; i < kBlocks; ++i) places[i] = i;
  for (int64_t first = 0; first < n; first += 4 * kBlocks) {
    for (int v = 0; v < kBlockVectors; ++v) {
      vi64 block;
      memcpy(&block, places + v * kLanes<double>, sizeof block);
      block += first / 4;
      blocks.words[0][v] = block & low(~0u);
      blocks.words[1][v] = block >> 32;
      blocks.words[2][v] = low(row);
      blocks.words[3][v] = high(row);
    }
    philox(row_key, blocks);
    f(first, blocks);
  }
}

}  // namespace tidegate::TIDEGATE_ISA
