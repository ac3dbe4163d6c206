#include <algorithm>
#include <array>
#include <utility>

#include "kernels/avx2.h"
#include "kernels/panel-products.h"
#include "kernels/panels.h"

#ifdef SOO_HAS_AVX2

namespace soo {

namespace {

constexpr int kRowsAvx2 = 5, kRowsAvx512 = 14, kPanelsAvx512 = 2;

/** The first number of each pair in float32: it lies in the lower half of the word. */
SOO_AVX2 inline __m256 first_of(__m256i pairs) { return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)); }

SOO_AVX2 inline __m256 second_of(__m256i pairs) {
  return _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000))));
}

SOO_AVX2 inline __m256i pairs_at(const float* words) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
}

template <int Rows>
SOO_AVX2 void multiply_avx2(const PanelProduct& product) {
  __m256 sums[Rows][2];
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row) sums[row][0] = sums[row][1] = _mm256_setzero_ps();
  const float* ahead = product.ahead;
  for (int64_t i = 0; i < product.words; ahead += kPanel) {
    const int64_t end = std::min(product.words, i + product.every);
    _mm_prefetch(reinterpret_cast<const char*>(ahead), _MM_HINT_T1);
    for (; i < end; ++i) {
      const float* panel = product.panel + i * kPanel;
      const __m256 low = first_of(pairs_at(panel)), high = first_of(pairs_at(panel + 8)),
                   second_low = second_of(pairs_at(panel)), second_high = second_of(pairs_at(panel + 8));
#pragma GCC unroll 8
      for (int row = 0; row < Rows; ++row) {
        const __m256i x = _mm256_castps_si256(_mm256_broadcast_ss(product.block + i * Rows + row));
        sums[row][0] = _mm256_fmadd_ps(first_of(x), low, sums[row][0]);
        sums[row][1] = _mm256_fmadd_ps(first_of(x), high, sums[row][1]);
        sums[row][0] = _mm256_fmadd_ps(second_of(x), second_low, sums[row][0]);
        sums[row][1] = _mm256_fmadd_ps(second_of(x), second_high, sums[row][1]);
      }
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      float* to = product.output + row * product.stride + half * 8;
      _mm256_storeu_ps(to, product.adds ? _mm256_add_ps(_mm256_loadu_ps(to), sums[row][half]) : sums[row][half]);
    }
}

template <int Rows, int Panels>
SOO_AVX512_BFLOAT16 void multiply_avx512(const PanelProduct& product) {
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
      __m512bh weights[Panels];
#pragma GCC unroll 2
      for (int at = 0; at < Panels; ++at)
        weights[at] = (__m512bh)_mm512_loadu_ps(product.panel + at * product.panel_stride + i * kPanel);
#pragma GCC unroll 32
      for (int row = 0; row < Rows; ++row) {
        const __m512bh x = (__m512bh)_mm512_set1_ps(product.block[i * Rows + row]);
#pragma GCC unroll 2
        for (int at = 0; at < Panels; ++at) sums[row][at] = _mm512_dpbf16_ps(sums[row][at], x, weights[at]);
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

SOO_AVX512_BFLOAT16 void round_avx512(const Rounding& rounding) {
  for (int64_t row = 0; row < rounding.rows; ++row)
    for (int64_t i = 0; i < rounding.width; i += kPanel) {
      const __m512 sums = _mm512_loadu_ps(rounding.from + row * rounding.from_stride + i);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(rounding.to + row * rounding.to_stride + i),
                          (__m256i)_mm512_cvtneps_pbh(sums));
    }
}

/** Words whose upper halves are the numbers rounded. */
SOO_AVX2 inline __m256i rounded(__m256 sums) {
  const __m256i bits = _mm256_castps_si256(sums);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  const __m256 none = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
  return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(up), none, _mm256_cmp_ps(sums, sums, _CMP_UNORD_Q)));
}

SOO_AVX2 void round_avx2(const Rounding& rounding) {
  for (int64_t row = 0; row < rounding.rows; ++row)
    for (int64_t i = 0; i < rounding.width; i += kPanel) {
      const float* from = rounding.from + row * rounding.from_stride + i;
      const __m256i low = _mm256_srli_epi32(rounded(_mm256_loadu_ps(from)), 16),
                    high = _mm256_srli_epi32(rounded(_mm256_loadu_ps(from + 8)), 16);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(rounding.to + row * rounding.to_stride + i),
                          _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8));
    }
}

}  // namespace

void round_sums(const Rounding& rounding) {
  if (has_avx512_bfloat16())
    round_avx512(rounding);
  else
    round_avx2(rounding);
}

PanelLoops bfloat16_loops() {
  if (has_avx512_bfloat16()) return {kRowsAvx512, kPanelsAvx512, kAvx512.data()};
  return {kRowsAvx2, 1, kAvx2.data()};
}

}  // namespace soo

#endif
