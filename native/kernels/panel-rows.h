#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "kernels/panels.h"
#include "kernels/scratch.h"
#include "kernels/threads.h"

namespace soo {

/** Numbers of rows that are laid out at a time: two megabytes, so that they stay near while panels pass by. */
constexpr int64_t kLaid = 1 << 19;

/**
 * input [..., in] times a weight of `out` outputs: [..., out], on libtorch's threads, without a graph.
 * @param panel_of hands out a panel of the weight, which may lie in the scratch memory that it is given
 */
template <class PanelOf>
at::Tensor multiply_rows(const at::Tensor& input, int64_t out, const PanelOf& panel_of) {
  auto shape = input.sizes().vec();
  const int64_t in = shape.back();
  shape.back() = out;
  const at::Tensor output = at::empty(shape, input.options());
  if (output.numel() == 0) return output;
  const at::Tensor rows = input.contiguous();
  const int64_t count = rows.numel() / in, most = std::min(count, std::max<int64_t>(1, kLaid / in));
  const at::Tensor laid = at::empty({most, in}, input.options());
  for (int64_t first = 0; first < count; first += most) {
    const RowBlocks blocks = row_blocks(std::min(most, count - first), in);
    const float* from = rows.const_data_ptr<float>() + first * in;
    float* to = output.mutable_data_ptr<float>() + first * out;
    on_threads(blocks.count,
               [&, place = laid.mutable_data_ptr<float>()](int64_t block) { lay_block(from, blocks, block, place); });
    on_threads((out + kPanel - 1) / kPanel, [&, place = laid.const_data_ptr<float>()](int64_t panel) {
      Scratch scratch;
      multiply_panel(place, blocks, panel_of(panel, scratch), panel, to, out);
    });
  }
  return output;
}

}  // namespace soo
