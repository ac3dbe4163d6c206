#include "kernels/panels.h"

#include <algorithm>

#include "kernels/avx2.h"
#include "kernels/panel-products.h"
#include "kernels/transpose.h"

namespace soo {

#ifdef SOO_HAS_AVX2

namespace {

/**
 * Words that are added up in one chain, whose rounding grows with its length: over 4,096 inputs one chain is four
 * times as far off as libtorch's product, and chains of 256 are about as near. Up to 512 one chain is.
 */
constexpr int64_t kChain = 256, kOneChain = 512;

/** A block's rows at most, whatever the processor. */
constexpr int64_t kMostRows = 16;
/** Panels that are multiplied together at most. */
constexpr int64_t kMostTogether = 2;

/** Eight rows of eight numbers, `from_stride` apart, become columns; theirs are `to_stride` apart. */
SOO_AVX2 inline void transpose_eight(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  __m256 a[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) a[i] = _mm256_loadu_ps(from + i * from_stride);
  store_columns(a, to, to_stride);
}

/** to[i * to_stride + row] = from[row * from_stride + i], by eights of both; the last eights go back where need be. */
SOO_AVX2 void transpose(const float* from, int64_t rows, int64_t in, int64_t from_stride, float* to,
                        int64_t to_stride) {
  constexpr int64_t kEight = 8;
  if (rows < kEight || in < kEight) {
    for (int64_t i = 0; i < in; ++i) {
      for (int64_t row = 0; row < rows; ++row) to[i * to_stride + row] = from[row * from_stride + i];
    }
    return;
  }
  for (int64_t i = 0; i < in; i += kEight) {
    i = std::min(i, in - kEight);
    for (int64_t row = 0; row < rows; row += kEight) {
      row = std::min(row, rows - kEight);
      transpose_eight(from + row * from_stride + i, from_stride, to + i * to_stride + row, to_stride);
    }
  }
}

/** Of a weight whose outputs lie side by side: each line that is read holds numbers of one panel, and its neighbours
 * the others'. */
SOO_AVX2 void copy_panels(const float* from, const Weight& weight, int64_t count, float* laid) {
  for (int64_t i = 0; i < weight.words; ++i)
    for (int64_t at = 0; at < count; ++at) {
      const float* line = from + i * weight.word_stride + at * kPanel;
      float* to = laid + (at * weight.words + i) * kPanel;
      _mm256_storeu_ps(to, _mm256_loadu_ps(line));
      _mm256_storeu_ps(to + kLanes, _mm256_loadu_ps(line + kLanes));
    }
}

PanelLoops loops_of(Numbers numbers) { return numbers == Numbers::kFloat ? float_loops() : bfloat16_loops(); }

/** Sums of a block that go elsewhere than to whole rows of floats. */
void put(const float* sums, int64_t rows, int64_t width, const Output& output, int64_t at) {
  constexpr int64_t kStride = kMostTogether * kPanel;
  if (output.floats) {
    for (int64_t i = 0; i < rows; ++i) std::copy_n(sums + i * kStride, width, output.floats + at + i * output.out);
    return;
  }
  if (width % kPanel == 0) return round_sums({sums, kStride, rows, width, output.rounded + at, output.out});
  c10::BFloat16 rounded[kMostRows * kStride];
  round_sums({sums, kStride, rows, kStride, rounded, kStride});
  for (int64_t i = 0; i < rows; ++i) std::copy_n(rounded + i * kStride, width, output.rounded + at + i * output.out);
}

}  // namespace

bool has_panels() { return has_avx2(); }

void lay_panels(const Weight& weight, int64_t first, int64_t count, float* laid) {
  const int64_t size = weight.words * kPanel, begin = first * kPanel;
  const int64_t whole = std::min(count, (weight.out - begin) / kPanel), left = weight.out - begin - whole * kPanel;
  const float* from = weight.data + begin * weight.out_stride;
  if (weight.word_stride != 1) copy_panels(from, weight, whole, laid);
  for (int64_t at = 0; weight.word_stride == 1 && at < whole; ++at)
    transpose(from + at * kPanel * weight.out_stride, kPanel, weight.words, weight.out_stride, laid + at * size,
              kPanel);
  if (whole == count) return;
  std::fill_n(laid + whole * size, size, 0.0f);
  for (int64_t out = 0; out < left; ++out)
    for (int64_t i = 0; i < weight.words; ++i)
      laid[whole * size + i * kPanel + out] = from[(whole * kPanel + out) * weight.out_stride + i * weight.word_stride];
}

RowBlocks row_blocks(Numbers numbers, int64_t rows, int64_t words) {
  const int64_t most = loops_of(numbers).rows, count = (rows + most - 1) / most;
  return {numbers, rows, words, count == 0 ? 0 : (rows + count - 1) / count, count};
}

void lay_block(const float* rows, const RowBlocks& blocks, int64_t block, float* laid) {
  const int64_t first = block * blocks.size, count = std::min(blocks.size, blocks.rows - first);
  transpose(rows + first * blocks.words, count, blocks.words, blocks.words, laid + first * blocks.words, count);
}

int64_t panels_together(Numbers numbers) { return loops_of(numbers).panels; }

void multiply_panels(const float* laid, const RowBlocks& blocks, const Panels& panels, const Output& output) {
  const PanelLoops loops = loops_of(blocks.numbers);
  const int64_t words = blocks.words, first = panels.first * kPanel;
  const int64_t width = std::min(panels.count * kPanel, output.out - first);
  const bool whole = output.floats && width == panels.count * kPanel;
  const int64_t ahead = (words + blocks.count - 1) / blocks.count * panels.count * kPanel;
  const int64_t chain = words <= kOneChain ? words : kChain;
  float aside[kMostRows * kMostTogether * kPanel];
  for (int64_t block = 0; block < blocks.count; ++block) {
    const int64_t row = block * blocks.size, rows = std::min(blocks.size, blocks.rows - row);
    float* to = whole ? output.floats + row * output.out + first : aside;
    const float* next = panels.next + block * ahead;
    for (int64_t start = 0; start < words; start += chain) {
      loops(rows, panels.count,
            {laid + row * words + start * rows, std::min(chain, words - start), panels.weights + start * kPanel,
             panels.stride, to, whole ? output.out : kMostTogether * kPanel, start > 0,
             next + start / blocks.count * panels.count * kPanel, blocks.count});
    }
    if (!whole) put(aside, rows, width, output, row * output.out + first);
  }
}

#else

bool has_panels() { return false; }

void round_sums(const Rounding&) {}

void lay_panels(const Weight&, int64_t, int64_t, float*) {}

RowBlocks row_blocks(Numbers numbers, int64_t rows, int64_t words) { return {numbers, rows, words, rows, 1}; }

void lay_block(const float*, const RowBlocks&, int64_t, float*) {}

int64_t panels_together(Numbers) { return 1; }

void multiply_panels(const float*, const RowBlocks&, const Panels&, const Output&) {}

#endif

}  // namespace soo
