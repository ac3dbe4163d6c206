#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "kernels/panels.h"
#include "kernels/scratch.h"
#include "kernels/threads.h"

namespace soo {

/** Rows that are laid out at a time. */
struct LaidRows {
  /** As many words of them, so that they stay near while panels pass by, */
  int64_t words;
  /** but as many rows at least: the weights come anew for each piece. */
  int64_t least;
};

/** Where panels are laid out as they are asked for, anew for each piece of rows: two megabytes. */
constexpr LaidRows kRowsOfLaidWeights{1 << 19, 1};

/** Into how many pieces rows are cut. */
inline int64_t pieces_of(int64_t rows, int64_t words, const LaidRows& near) {
  const int64_t most = std::max(near.least, near.words / words);
  return (rows + most - 1) / most;
}

/**
 * input [..., in] times a weight of `out` outputs: [..., out], on libtorch's threads, without a graph.
 * @param input float32, or bfloat16 with an even number of inputs
 * @param dtype of the result: float32, or the input's
 * @param near how many rows are laid out at a time
 * @param panels_of hands out panels of the weight, which may lie in the scratch memory that it is given:
 * (first, count, scratch)
 */
template <class PanelsOf>
at::Tensor multiply_rows(const at::Tensor& input, int64_t out, c10::ScalarType dtype, const LaidRows& near,
                         const PanelsOf& panels_of) {
  const Numbers numbers = input.scalar_type() == c10::kFloat ? Numbers::kFloat : Numbers::kBFloat16;
  auto shape = input.sizes().vec();
  const int64_t words = shape.back() / inputs_in_word(numbers);
  shape.back() = out;
  const at::Tensor output = at::empty(shape, input.options().dtype(dtype));
  if (output.numel() == 0) return output;
  const at::Tensor rows = input.contiguous();
  const int64_t count = output.numel() / out, pieces = pieces_of(count, words, near);
  const int64_t most = (count + pieces - 1) / pieces;
  const at::Tensor laid = at::empty({most, words}, input.options().dtype(c10::kFloat));
  auto* place = laid.mutable_data_ptr<float>();
  const int64_t panels = (out + kPanel - 1) / kPanel, together = panels_together(numbers);
  for (int64_t first = 0; first < count; first += most) {
    const RowBlocks blocks = row_blocks(numbers, std::min(most, count - first), words);
    const float* from = static_cast<const float*>(rows.const_data_ptr()) + first * words;
    on_threads(blocks.count, [&](int64_t block) { lay_block(from, blocks, block, place); });
    Output to{nullptr, nullptr, out};
    if (dtype == c10::kFloat)
      to.floats = output.mutable_data_ptr<float>() + first * out;
    else
      to.rounded = output.mutable_data_ptr<c10::BFloat16>() + first * out;
    on_threads((panels + together - 1) / together, [&](int64_t at) {
      Scratch scratch;
      const int64_t start = at * together;
      multiply_panels(place, blocks, panels_of(start, std::min(together, panels - start), scratch), to);
    });
  }
  return output;
}

}  // namespace soo
