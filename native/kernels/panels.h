#pragma once

#include <cstdint>

// The product of rows with a frozen weight that is laid out in panels, [panel, in, kPanel], in the order in which it is
// read. Rows are laid out as well, in blocks of some rows whose numbers for one input lie side by side. With 25 rows it
// takes two thirds of the time of libtorch's and oneDNN's, with 1,000 nine tenths. However rows are cut into blocks,
// and whatever the processor's registers are, the bits are the same.

namespace soo {

/** Outputs that one panel holds the weights of. */
constexpr int64_t kPanel = 16;

/** Whether this processor has the instructions. */
bool has_panels();

/** A weight [out, in]: of its two strides one is 1. */
struct Weight {
  const float* data;
  int64_t out, in, out_stride, in_stride;
};

/** Lays the weights of a panel's outputs out as [in, kPanel]; outputs beyond the last are 0. */
void lay_panel(const Weight& weight, int64_t panel, float* laid);

/** How rows are cut into blocks: of one size, as a last block of one row costs as much as a whole one. */
struct RowBlocks {
  int64_t rows, in, size, count;
};

RowBlocks row_blocks(int64_t rows, int64_t in);

/** Writes a block of rows [rows, in] as [in, rows of the block] to where it belongs in `laid`, of rows * in numbers. */
void lay_block(const float* rows, const RowBlocks& blocks, int64_t block, float* laid);

/** A panel [in, kPanel], and memory that is read after it. */
struct Panel {
  const float *weights, *next;
};

/** Writes output[row, panel * kPanel + ...] of all rows, as far as it lies within the `out` outputs. */
void multiply_panel(const float* laid, const RowBlocks& blocks, Panel weights, int64_t panel, float* output,
                    int64_t out);

}  // namespace soo
