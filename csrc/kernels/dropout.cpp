// Dropout masks by counting, and their use.
//
// An element's random word is a function of (seed, node, iteration, row, element) and of nothing else: Philox4x32-10
// (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). A first block, counted by iteration and node
// under the seed, is the key of a second one, counted by element / 4 and row, whose word element % 4 it is.
#include "kernels/table.hpp"
#include "simd/vec.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

constexpr int kVectors = kRegisters > 16 ? 4 : 2;  // side by side: four words and a product each
constexpr int kBlocks = kVectors * kLanes<double>;

// Blocks of four words, each word in the low half of a lane: counters become random numbers.
struct Blocks {
  vi64 words[4][kVectors];
};

TIDEGATE_INLINE vi64 low(uint64_t number) { return vi64{} + int64_t(number & 0xFFFFFFFFu); }
TIDEGATE_INLINE vi64 high(uint64_t number) { return vi64{} + int64_t(number >> 32); }

inline void philox(uint64_t key, Blocks& blocks) {
  auto& [a, b, c, d] = blocks.words;
  uint32_t key_0 = uint32_t(key), key_1 = uint32_t(key >> 32);
  const vi64 low_half = low(~0u), first_factor = low(0xD2511F53u), second_factor = low(0xCD9E8D57u);
  for (int round = 0; round < 10; ++round, key_0 += 0x9E3779B9u, key_1 += 0xBB67AE85u) TIDEGATE_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const vi64 first = low_product(a[v], first_factor), second = low_product(c[v], second_factor);
      a[v] = ((second >> 32) & low_half) ^ b[v] ^ low(key_0);
      b[v] = second & low_half;
      c[v] = ((first >> 32) & low_half) ^ d[v] ^ low(key_1);
      d[v] = first & low_half;
    }
}

// Selects by the bits: a branch on a random mask is mispredicted, and a product with zero would let a NaN through.
template <class T, class Word>
void scale_where(const T* x, const uint8_t* mask, double scale, int64_t n, T* y) {
  const T factor = T(scale);
  for (int64_t i = 0; i < n; ++i) {
    const T scaled = x[i] * factor;
    Word bits;
    memcpy(&bits, &scaled, sizeof bits);
    bits &= Word(0) - Word(mask[i]);
    memcpy(y + i, &bits, sizeof bits);
  }
}

}  // namespace

void dropout_mask(const DropoutKey& key, uint64_t row, double rate, int64_t n, uint8_t* mask) {
  const vi64 limit = vi64{} + int64_t(rate * 4294967296.0), one = low(1);  // words below it drop, all at a rate of 1
  Blocks blocks = {};
  for (int v = 0; v < kVectors; ++v) {
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
    for (int v = 0; v < kVectors; ++v) {
      vi64 block;
      memcpy(&block, places + v * kLanes<double>, sizeof block);
      block += first / 4;
      blocks.words[0][v] = block & low(~0u);
      blocks.words[1][v] = block >> 32;
      blocks.words[2][v] = low(row);
      blocks.words[3][v] = high(row);
    }
    philox(row_key, blocks);
    uint8_t stays[4 * kBlocks];
    for (int v = 0; v < kVectors; ++v) {
      vi64 bytes = {};  // of a block's four elements, in their order
      for (int word = 0; word < 4; ++word) bytes |= ((blocks.words[word][v] >= limit) & one) << (8 * word);
      for (int i = 0; i < kLanes<double>; ++i) {
        const uint32_t four = uint32_t(bytes[i]);
        memcpy(stays + 4 * (v * kLanes<double> + i), &four, sizeof four);
      }
    }
    memcpy(mask + first, stays, size_t(n - first < 4 * kBlocks ? n - first : 4 * kBlocks));
  }
}

void scale_kept(const float* x, const uint8_t* mask, double scale, int64_t n, float* y) {
  scale_where<float, uint32_t>(x, mask, scale, n, y);
}
void scale_kept(const double* x, const uint8_t* mask, double scale, int64_t n, double* y) {
  scale_where<double, uint64_t>(x, mask, scale, n, y);
}

}  // namespace tidegate::TIDEGATE_ISA
