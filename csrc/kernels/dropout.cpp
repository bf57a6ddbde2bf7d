// Dropout masks by counting, and their use.
#include "kernels/philox.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

// Where the mask is set scale * x + shift, elsewhere `dropped`. Selects by the bits: a branch on a random mask is
// mispredicted, and a product with zero would let a NaN through.
template <class T, class Word>
void select(const T* x, const uint8_t* mask, double scale, double shift, double dropped, int64_t n, T* y) {
  const T factor = T(scale), term = T(shift), other = T(dropped);
  Word other_bits;
  memcpy(&other_bits, &other, sizeof other);
  for (int64_t i = 0; i < n; ++i) {
    const T kept = x[i] * factor + term;
    Word bits;
    memcpy(&bits, &kept, sizeof bits);
    const Word stays = Word(0) - Word(mask[i]);
    bits = (bits & stays) | (other_bits & ~stays);
    memcpy(y + i, &bits, sizeof bits);
  }
}

}  // namespace

void dropout_mask(const DropoutKey& key, uint64_t row, double rate, int64_t n, uint8_t* mask) {
  const vi64 limit = vi64{} + int64_t(rate * 4294967296.0), one = low(1);  // words below it drop, all at a rate of 1
  for_each_blocks(key, row, n, [&](int64_t first, const Blocks& blocks) TIDEGATE_INLINE_MEMBER {
    uint8_t stays[4 * kBlocks];
    for (int v = 0; v < kBlockVectors; ++v) {
      vi64 bytes = {};  // of a block's four elements, in their order
      for (int word = 0; word < 4; ++word) bytes |= ((blocks.words[word][v] >= limit) & one) << (8 * word);
      for (int i = 0; i < kLanes<double>; ++i) {
        const uint32_t four = uint32_t(bytes[i]);
        memcpy(stays + 4 * (v * kLanes<double> + i), &four, sizeof four);
      }
    }
    memcpy(mask + first, stays, size_t(n - first < 4 * kBlocks ? n - first : 4 * kBlocks));
  });
}

// A shift of -0.0 changes nothing, not even the sign of a zero.
#define TIDEGATE_DEFINE(T, Word)                                                                                       \
  void scale_kept(const T* x, const uint8_t* mask, double scale, int64_t n, T* y) {                                    \
    select<T, Word>(x, mask, scale, -0.0, 0, n, y);                                                                    \
  }                                                                                                                    \
  void replace_dropped(const T* x, const uint8_t* mask, double scale, double shift, double dropped, int64_t n, T* y) { \
    select<T, Word>(x, mask, scale, shift, dropped, n, y);                                                             \
  }

TIDEGATE_DEFINE(float, uint32_t)
TIDEGATE_DEFINE(double, uint64_t)

}  // namespace tidegate::TIDEGATE_ISA
