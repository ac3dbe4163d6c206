#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

// The product of rows with a frozen weight that is laid out in panels, [panel, words, kPanel], in the order in which it
// is read. Rows are laid out as well, in blocks of some rows whose words for one input lie side by side. A word is 32
// bits: an input in float32, or two neighbouring inputs in bfloat16, whose products float32 holds exactly and whose
// sums are float32 too. With 25 rows it takes 0.4 to 0.6 of the time of libtorch's.
//
// However rows are cut into blocks, and whatever the processor's registers are, the bits of float32 are the same. Those
// of bfloat16 are, however rows are cut.

namespace soo {

/** Outputs that one panel holds the weights of. */
constexpr int64_t kPanel = 16;

enum class Numbers { kFloat, kBFloat16 };

/** How many inputs are in a word. */
constexpr int64_t inputs_in_word(Numbers numbers) { return numbers == Numbers::kFloat ? 1 : 2; }

/** Whether this processor has the instructions. */
bool has_panels();

/** A weight [out, words]: of its two strides, in words, one is 1. */
struct Weight {
  const float* data;
  int64_t out, words, out_stride, word_stride;
};

/** Lays the weights of panels out as [count, words, kPanel]; outputs beyond the last are 0. */
void lay_panels(const Weight& weight, int64_t first, int64_t count, float* laid);

/** How rows are cut into blocks: of one size, as a last block of one row costs as much as a whole one. */
struct RowBlocks {
  Numbers numbers;
  int64_t rows, words, size, count;
};

RowBlocks row_blocks(Numbers numbers, int64_t rows, int64_t words);

/** Writes a block of rows [rows, words] as [words, rows of the block] to where it belongs in `laid`, of rows * words.
 */
void lay_block(const float* rows, const RowBlocks& blocks, int64_t block, float* laid);

/** How many panels this processor multiplies at a time. */
int64_t panels_together(Numbers numbers);

/** Panels `first` and the `count - 1` after it, [words, kPanel] each and `stride` apart, and memory that is read after
 * them. */
struct Panels {
  int64_t first, count;
  const float* weights;
  int64_t stride;
  const float* next;
};

/** Rows of `out` numbers: one of the two is null. */
struct Output {
  float* floats;
  c10::BFloat16* rounded;
  int64_t out;
};

/** Writes output[row, panel * kPanel + ...] of all rows, as far as it lies within the outputs. */
void multiply_panels(const float* laid, const RowBlocks& blocks, const Panels& panels, const Output& output);

}  // namespace soo
