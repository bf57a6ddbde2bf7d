// Normal noise by counting: the elements of a row are pairs of normal numbers made of pairs of its random words.
#include "kernels/philox.hpp"
#include "simd/normal.hpp"

namespace tidegate::TIDEGATE_ISA {
namespace {

template <class T>
void normals_of_row(const DropoutKey& key, uint64_t row, double mean, double stddev, int64_t n, T* to) {
  for_each_blocks(key, row, n, [&](int64_t first, const Blocks& blocks) TIDEGATE_INLINE_MEMBER {
    T found[4 * kBlocks];
    for (int v = 0; v < kBlockVectors; ++v) {
      vf64 z[4];
      for (int word = 0; word < 4; word += 2)
        normal_pair(blocks.words[word][v], blocks.words[word + 1][v], z[word], z[word + 1]);
      for (int word = 0; word < 4; ++word) {
        const vf64 value = fma(z[word], broadcast(stddev), broadcast(mean));
        for (int i = 0; i < kLanes<double>; ++i) found[4 * (v * kLanes<double> + i) + word] = T(value[i]);
      }
    }
    memcpy(to + first, found, size_t(n - first < 4 * kBlocks ? n - first : 4 * kBlocks) * sizeof(T));
  });
}

}  // namespace

void normals(const DropoutKey& key, uint64_t row, double mean, double stddev, int64_t n, float* to) {
  normals_of_row(key, row, mean, stddev, n, to);
}
void normals(const DropoutKey& key, uint64_t row, double mean, double stddev, int64_t n, double* to) {
  normals_of_row(key, row, mean, stddev, n, to);
}

}  // namespace tidegate::TIDEGATE_ISA
