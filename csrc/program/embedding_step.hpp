// An embedding: a row of a table for every id.
#pragma once

#include "dispatch/embedding.hpp"
#include "program/plain_step.hpp"

namespace tidegate {

// Throws std::invalid_argument unless ids [n] are whole numbers from 0 to input_dim - 1.
template <class T>
void check_ids(const T* ids, int64_t n, int64_t input_dim);

// Whether each of ids [n] is another than 0.
template <class T>
Array<uint8_t> mask_of_ids(const T* ids, int64_t n);

template <class T>
class EmbeddingStep final : public Step<T> {
 public:
  // table [input_dim, output_dim]. Null where the next step has a table of its own for the ids: this one then only
  // checks them and makes the mask.
  EmbeddingStep(Packing& packing, int64_t input_dim, int64_t output_dim, bool mask_zero, const T* table);
  Shape output_shape(const Shape& input) const override;
  using Step<T>::run;
  void run(const Shape& input, const T* x, T* y) const override;
  bool streams() const override { return true; }
  // Without mask_zero it makes none, and one that came ends here.
  bool makes_mask() const override { return true; }
  Array<uint8_t> make_mask(const Shape& input, const T* x) const override;
  bool only_reshapes() const override { return table_.size() == 0; }
  size_t packed_bytes() const override { return table_.bytes(); }
  double flops(const Shape& input) const override {
    return only_reshapes() ? 0 : kFlopsOfElement * elements(input) * output_dim_;
  }
  Description describe(const Shape& input) const override {
    if (only_reshapes()) return {.runs = "in the next layer"};
    return {.threads = gather_threads(elements(input), output_dim_)};
  }

 private:
  int64_t input_dim_, output_dim_;
  bool mask_zero_;
  Array<T> table_;
};

}  // namespace tidegate
