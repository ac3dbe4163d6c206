#pragma once

#include <array>
#include <cstdint>

#include "kernels/avx2.h"
#include "kernels/nf4.h"
#include "kernels/panels.h"
#include "kernels/transpose.h"

// How the codes of a weight are read out of their bytes.

namespace soo {

// Four bytes hold the codes of eight inputs: in a register of such words, one shift brings one input's codes of all
// words to where a table is looked up. The first input's code lies in bits 4 to 7, the second's in 0 to 3.
constexpr int kInputsOfWord = 8;
constexpr std::array<int, kInputsOfWord> kShifts = {4, 0, 12, 8, 20, 16, 28, 24};

constexpr int64_t kBytesOfBlock = kNf4Block / 2, kWordsOfBlock = kBytesOfBlock / 4;

/** Where few rows meet a large weight, codes are asked for so many bytes before they are needed. */
constexpr int64_t kAhead = 2048;

/** The magnitude of a block. */
inline float scale_of(const BlockScales& scales, int64_t block) {
  if (scales.absmax != nullptr) return scales.absmax[block];
  return scales.map[scales.codes[block]] * scales.nested[block / kNestedBlock] + scales.offset;
}

#ifdef SOO_HAS_AVX2

/** Words of 16 rows, `stride` bytes apart: [kWordsOfBlock, 16], the rows side by side. Rows beyond `count` are 0. */
SOO_AVX2 inline void words_of_block(const uint8_t* from, int64_t stride, int64_t count, uint32_t* words) {
  for (int half = 0; half < 2; ++half) {
    __m256 a[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      const int64_t row = half * 8 + i;
      a[i] = row < count ? _mm256_loadu_ps(reinterpret_cast<const float*>(from + row * stride)) : _mm256_setzero_ps();
    }
    store_columns(a, reinterpret_cast<float*>(words) + half * 8, kPanel);
  }
}

/** Sixteen codes of eight bytes, in their order. */
SOO_AVX2 inline __m128i codes_in_order(const uint8_t* from) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)), low = _mm_set1_epi8(15);
  return _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), low), _mm_and_si128(bytes, low));
}

#endif

}  // namespace soo
