#include "kernels/panels.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/avx2.h"

#ifdef SOO_HAS_AVX2
#define SOO_AVX512 __attribute__((target("avx512f"), optimize("O3")))
#endif

namespace soo {

#ifdef SOO_HAS_AVX2

namespace {

/** A block times one panel, or what comes of some of their inputs. */
struct Product {
  const float* block;
  int64_t in;
  const float* panel;
  float* output;
  int64_t stride;
  /** Whether `output` holds the sums of inputs before these. */
  bool adds;
  /** Weights that are needed next, and come from memory: a line of them is asked for with every `every` inputs. */
  const float* ahead;
  int64_t every;
};

/**
 * Inputs that are added up in one chain, whose rounding grows with its length: over 4,096 inputs one chain is four
 * times as far off as libtorch's product, and chains of 256 are about as near. Up to 512 one chain is.
 */
constexpr int64_t kChain = 256, kOneChain = 512;

/** Most rows of a block: more would not leave registers for the weights. */
constexpr int kRowsAvx2 = 6, kRowsAvx512 = 24;

template <int Rows>
SOO_AVX2 void multiply_avx2(const Product& product) {
  __m256 sums[Rows][2];
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row) sums[row][0] = sums[row][1] = _mm256_setzero_ps();
  const float* ahead = product.ahead;
  for (int64_t i = 0; i < product.in; ahead += kPanel) {
    const int64_t end = std::min(product.in, i + product.every);
    _mm_prefetch(reinterpret_cast<const char*>(ahead), _MM_HINT_T1);
#pragma GCC unroll 4
    for (; i < end; ++i) {
      const __m256 low = _mm256_loadu_ps(product.panel + i * kPanel),
                   high = _mm256_loadu_ps(product.panel + i * kPanel + 8);
#pragma GCC unroll 8
      for (int row = 0; row < Rows; ++row) {
        const __m256 x = _mm256_broadcast_ss(product.block + i * Rows + row);
        sums[row][0] = _mm256_fmadd_ps(x, low, sums[row][0]);
        sums[row][1] = _mm256_fmadd_ps(x, high, sums[row][1]);
      }
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row) {
    float* to = product.output + row * product.stride;
    if (product.adds) {
      sums[row][0] = _mm256_add_ps(_mm256_loadu_ps(to), sums[row][0]);
      sums[row][1] = _mm256_add_ps(_mm256_loadu_ps(to + 8), sums[row][1]);
    }
    _mm256_storeu_ps(to, sums[row][0]);
    _mm256_storeu_ps(to + 8, sums[row][1]);
  }
}

template <int Rows>
SOO_AVX512 void multiply_avx512(const Product& product) {
  __m512 sums[Rows];
#pragma GCC unroll 32
  for (int row = 0; row < Rows; ++row) sums[row] = _mm512_setzero_ps();
  const float* ahead = product.ahead;
  for (int64_t i = 0; i < product.in; ahead += kPanel) {
    const int64_t end = std::min(product.in, i + product.every);
    _mm_prefetch(reinterpret_cast<const char*>(ahead), _MM_HINT_T1);
#pragma GCC unroll 2
    for (; i < end; ++i) {
      const __m512 weights = _mm512_loadu_ps(product.panel + i * kPanel);
#pragma GCC unroll 32
      for (int row = 0; row < Rows; ++row)
        sums[row] = _mm512_fmadd_ps(_mm512_set1_ps(product.block[i * Rows + row]), weights, sums[row]);
    }
  }
#pragma GCC unroll 32
  for (int row = 0; row < Rows; ++row) {
    float* to = product.output + row * product.stride;
    _mm512_storeu_ps(to, product.adds ? _mm512_add_ps(_mm512_loadu_ps(to), sums[row]) : sums[row]);
  }
}

using Multiply = void (*)(const Product&);

template <int... Rows>
constexpr std::array<Multiply, sizeof...(Rows)> for_avx2(std::integer_sequence<int, Rows...>) {
  return {multiply_avx2<Rows + 1>...};
}

template <int... Rows>
constexpr std::array<Multiply, sizeof...(Rows)> for_avx512(std::integer_sequence<int, Rows...>) {
  return {multiply_avx512<Rows + 1>...};
}

constexpr auto kAvx2 = for_avx2(std::make_integer_sequence<int, kRowsAvx2>{});
constexpr auto kAvx512 = for_avx512(std::make_integer_sequence<int, kRowsAvx512>{});

/** Eight rows of eight numbers, `from_stride` apart, become columns; theirs are `to_stride` apart. */
SOO_AVX2 inline void transpose_eight(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  __m256 a[8], b[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) a[i] = _mm256_loadu_ps(from + i * from_stride);
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
    a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
    a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
    a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
  }
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

bool has_avx512() { return __builtin_cpu_supports("avx512f"); }

}  // namespace

bool has_panels() { return has_avx2(); }

void lay_panel(const Weight& weight, int64_t panel, float* laid) {
  const int64_t first = panel * kPanel, count = std::min(kPanel, weight.out - first);
  const float* from = weight.data + first * weight.out_stride;
  if (count < kPanel) std::fill_n(laid, weight.in * kPanel, 0.0f);
  if (weight.in_stride == 1) return transpose(from, count, weight.in, weight.out_stride, laid, kPanel);
  for (int64_t i = 0; i < weight.in; ++i) std::copy_n(from + i * weight.in_stride, count, laid + i * kPanel);
}

RowBlocks row_blocks(int64_t rows, int64_t in) {
  const int64_t most = has_avx512() ? kRowsAvx512 : kRowsAvx2, count = (rows + most - 1) / most;
  return {rows, in, count == 0 ? 0 : (rows + count - 1) / count, count};
}

void lay_block(const float* rows, const RowBlocks& blocks, int64_t block, float* laid) {
  const int64_t first = block * blocks.size, count = std::min(blocks.size, blocks.rows - first);
  transpose(rows + first * blocks.in, count, blocks.in, blocks.in, laid + first * blocks.in, count);
}

void multiply_panel(const float* laid, const RowBlocks& blocks, Panel weights, int64_t panel, float* output,
                    int64_t out) {
  const auto& [rows, in, size, blocks_count] = blocks;
  const Multiply* multiply = has_avx512() ? kAvx512.data() : kAvx2.data();
  const int64_t first = panel * kPanel, width = std::min(kPanel, out - first);
  const int64_t ahead = (in + blocks_count - 1) / blocks_count * kPanel;
  const int64_t chain = in <= kOneChain ? in : kChain;
  float aside[kRowsAvx512 * kPanel];
  for (int64_t block = 0; block < blocks_count; ++block) {
    const int64_t row = block * size, count = std::min(size, rows - row);
    float* at = output + row * out + first;
    const bool whole = width == kPanel;
    const float* next = weights.next + block * ahead;
    for (int64_t start = 0; start < in; start += chain) {
      multiply[count - 1]({laid + row * in + start * count, std::min(chain, in - start),
                           weights.weights + start * kPanel, whole ? at : aside, whole ? out : kPanel, start > 0,
                           next + start / blocks_count * kPanel, blocks_count});
    }
    if (whole) continue;
    for (int64_t i = 0; i < count; ++i) std::copy_n(aside + i * kPanel, width, at + i * out);
  }
}

#else

bool has_panels() { return false; }

void lay_panel(const Weight&, int64_t, float*) {}

RowBlocks row_blocks(int64_t rows, int64_t in) { return {rows, in, rows, 1}; }

void lay_block(const float*, const RowBlocks&, int64_t, float*) {}

void multiply_panel(const float*, const RowBlocks&, Panel, int64_t, float*, int64_t) {}

#endif

}  // namespace soo
