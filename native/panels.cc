#include "panels.h"

#include <algorithm>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define SOO_HAS_PANELS 1
#define SOO_AVX2 __attribute__((target("avx2,fma"), optimize("O3")))
#endif

namespace soo {

#ifdef SOO_HAS_PANELS

namespace {

/** More rows at a time would not leave registers for the weights. */
constexpr int64_t kMostRows = 6;

/**
 * `Rows` rows times one panel. Meanwhile the weights from `ahead` on come into the cache, a line for every `every` inputs:
 * they are needed next, and come from memory.
 */
template <int Rows>
SOO_AVX2 void multiply_block(const float* input, int64_t in, const float* panel, float* output, int64_t stride, const float* ahead, int64_t every) {
  __m256 sums[Rows][2];
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row) sums[row][0] = sums[row][1] = _mm256_setzero_ps();
  for (int64_t i = 0; i < in; ahead += kPanel) {
    const int64_t end = std::min(in, i + every);
    _mm_prefetch(reinterpret_cast<const char*>(ahead), _MM_HINT_T1);
#pragma GCC unroll 4
    for (; i < end; ++i) {
      const __m256 low = _mm256_loadu_ps(panel + i * kPanel), high = _mm256_loadu_ps(panel + i * kPanel + 8);
#pragma GCC unroll 8
      for (int row = 0; row < Rows; ++row) {
        const __m256 x = _mm256_broadcast_ss(input + row * in + i);
        sums[row][0] = _mm256_fmadd_ps(x, low, sums[row][0]);
        sums[row][1] = _mm256_fmadd_ps(x, high, sums[row][1]);
      }
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row) {
    _mm256_storeu_ps(output + row * stride, sums[row][0]);
    _mm256_storeu_ps(output + row * stride + 8, sums[row][1]);
  }
}

using Block = void (*)(const float*, int64_t, const float*, float*, int64_t, const float*, int64_t);
constexpr Block kBlocks[] = {multiply_block<1>, multiply_block<2>, multiply_block<3>, multiply_block<4>, multiply_block<5>, multiply_block<6>};

}  // namespace

bool has_panels() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

void multiply_panel(const float* input, int64_t rows, int64_t in, const float* panels, int64_t panel, float* output, int64_t out) {
  const float* weights = panels + panel * in * kPanel;
  const int64_t first = panel * kPanel, width = std::min(kPanel, out - first);
  // Blocks of one size, as a last block of one row costs as much as one of six.
  const int64_t blocks = (rows + kMostRows - 1) / kMostRows, most = (rows + blocks - 1) / blocks;
  const int64_t ahead = (in + blocks - 1) / blocks * kPanel;
  float aside[kMostRows * kPanel];
  for (int64_t row = 0, block = 0; row < rows; row += most, ++block) {
    const int64_t count = std::min(most, rows - row);
    float* at = output + row * out + first;
    const bool whole = width == kPanel;
    kBlocks[count - 1](input + row * in, in, weights, whole ? at : aside, whole ? out : kPanel, weights + in * kPanel + block * ahead, blocks);
    if (whole) continue;
    for (int64_t i = 0; i < count; ++i) std::copy_n(aside + i * kPanel, width, at + i * out);
  }
}

#else

bool has_panels() { return false; }

void multiply_panel(const float*, int64_t, int64_t, const float*, int64_t, float*, int64_t) {}

#endif

}  // namespace soo
