#pragma once

#include <algorithm>
#include <numeric>

#include "kernels/avx2.h"

#ifdef SOO_HAS_AVX2

namespace soo {

/** exp within 2 units in the last place; 0 below the smallest normal number. */
SOO_AVX2 inline __m256 exponential(__m256 x) {
  const __m256 least = _mm256_set1_ps(-87.33654f);
  const __m256 seen = _mm256_cmp_ps(x, least, _CMP_NLT_UQ);
  x = _mm256_max_ps(least, x);
  const __m256 power =
      _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // ln 2 in two parts, the first with few digits, so that nothing of x is lost.
  const __m256 rest = _mm256_fnmadd_ps(power, _mm256_set1_ps(-2.12194440e-4f),
                                       _mm256_fnmadd_ps(power, _mm256_set1_ps(0.693359375f), x));
  constexpr float kTaylorLike[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                   4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
  __m256 sum = _mm256_set1_ps(kTaylorLike[0]);
  for (int i = 1; i < 6; ++i) sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(kTaylorLike[i]));
  sum = _mm256_fmadd_ps(sum, _mm256_mul_ps(rest, rest), _mm256_add_ps(rest, _mm256_set1_ps(1.0f)));
  const __m256i exponent = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(power), _mm256_set1_epi32(127)), 23);
  return _mm256_and_ps(_mm256_mul_ps(sum, _mm256_castsi256_ps(exponent)), seen);
}

/** Puts the softmax of `width` scores in their place. */
SOO_AVX2 inline void to_weights(float* scores, int64_t width) {
  __m256 largest = _mm256_loadu_ps(scores);
  for (int64_t i = kLanes; i < width; i += kLanes) largest = _mm256_max_ps(largest, _mm256_loadu_ps(scores + i));
  alignas(32) float lanes[kLanes];
  _mm256_store_ps(lanes, largest);
  const __m256 top = _mm256_set1_ps(*std::max_element(lanes, lanes + kLanes));
  __m256 sum = _mm256_setzero_ps();
  for (int64_t i = 0; i < width; i += kLanes) {
    const __m256 weight = exponential(_mm256_sub_ps(_mm256_loadu_ps(scores + i), top));
    _mm256_storeu_ps(scores + i, weight);
    sum = _mm256_add_ps(sum, weight);
  }
  _mm256_store_ps(lanes, sum);
  const __m256 part = _mm256_set1_ps(1 / std::accumulate(lanes, lanes + kLanes, 0.0f));
  for (int64_t i = 0; i < width; i += kLanes)
    _mm256_storeu_ps(scores + i, _mm256_mul_ps(_mm256_loadu_ps(scores + i), part));
}

}  // namespace soo

#endif
