#include <algorithm>
#include <array>
#include <utility>

#include "kernels/avx2.h"
#include "kernels/panel-products.h"
#include "kernels/panels.h"

#ifdef SOO_HAS_AVX2

namespace soo {

namespace {

constexpr int kRowsAvx2 = 6, kRowsAvx512 = 14, kPanelsAvx512 = 2;

template <int Rows>
SOO_AVX2 void multiply_avx2(const PanelProduct& product) {
  __m256 sums[Rows][2];
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row) sums[row][0] = sums[row][1] = _mm256_setzero_ps();
  const float* ahead = product.ahead;
  for (int64_t i = 0; i < product.words; ahead += kPanel) {
    const int64_t end = std::min(product.words, i + product.every);
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

/** With two panels each number of a row that is loaded serves two products: loads bound those of one. */
template <int Rows, int Panels>
SOO_AVX512 void multiply_avx512(const PanelProduct& product) {
  __m512 sums[Rows][Panels];
#pragma GCC unroll 32
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
    for (int at = 0; at < Panels; ++at) sums[row][at] = _mm512_setzero_ps();
  const float* ahead = product.ahead;
  for (int64_t i = 0; i < product.words; ahead += Panels * kPanel) {
    const int64_t end = std::min(product.words, i + product.every);
#pragma GCC unroll 2
    for (int at = 0; at < Panels; ++at) _mm_prefetch(reinterpret_cast<const char*>(ahead + at * kPanel), _MM_HINT_T1);
#pragma GCC unroll 2
    for (; i < end; ++i) {
      __m512 weights[Panels];
#pragma GCC unroll 2
      for (int at = 0; at < Panels; ++at)
        weights[at] = _mm512_loadu_ps(product.panel + at * product.panel_stride + i * kPanel);
#pragma GCC unroll 32
      for (int row = 0; row < Rows; ++row) {
        const __m512 x = _mm512_set1_ps(product.block[i * Rows + row]);
#pragma GCC unroll 2
        for (int at = 0; at < Panels; ++at) sums[row][at] = _mm512_fmadd_ps(x, weights[at], sums[row][at]);
      }
    }
  }
#pragma GCC unroll 32
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
    for (int at = 0; at < Panels; ++at) {
      float* to = product.output + row * product.stride + at * kPanel;
      _mm512_storeu_ps(to, product.adds ? _mm512_add_ps(_mm512_loadu_ps(to), sums[row][at]) : sums[row][at]);
    }
}

using Multiply = void (*)(const PanelProduct&);

template <int... Rows>
constexpr std::array<Multiply, sizeof...(Rows)> for_avx2(std::integer_sequence<int, Rows...>) {
  return {multiply_avx2<Rows + 1>...};
}

template <int... Rows>
constexpr std::array<Multiply, 2 * sizeof...(Rows)> for_avx512(std::integer_sequence<int, Rows...>) {
  return {multiply_avx512<Rows + 1, 1>..., multiply_avx512<Rows + 1, kPanelsAvx512>...};
}

constexpr auto kAvx2 = for_avx2(std::make_integer_sequence<int, kRowsAvx2>{});
constexpr auto kAvx512 = for_avx512(std::make_integer_sequence<int, kRowsAvx512>{});

}  // namespace

PanelLoops float_loops() {
  if (has_avx512()) return {kRowsAvx512, kPanelsAvx512, kAvx512.data()};
  return {kRowsAvx2, 1, kAvx2.data()};
}

}  // namespace soo

#endif
