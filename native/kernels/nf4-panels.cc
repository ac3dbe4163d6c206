#include "kernels/nf4-panels.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/avx2.h"
#include "kernels/nf4-words.h"
#include "kernels/panels.h"

namespace soo {

#ifdef SOO_HAS_AVX2

// GCC's own intrinsics begin with a register that has no value.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

namespace {

#define SOO_AVX512_NF4 __attribute__((target("avx512f,avx2,fma"), optimize("O3")))

struct Avx2 {
  using Floats = __m256;
  using Words = __m256i;
  struct Table {
    __m256 low, high;
  };

  static SOO_AVX2 inline Table table() { return {_mm256_loadu_ps(kNf4.data()), _mm256_loadu_ps(kNf4.data() + 8)}; }
  static SOO_AVX2 inline Words load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
  /** What the lowest four bits of each word stand for. */
  template <int Shift>
  static SOO_AVX2 inline Floats look_up(const Table& table, Words words) {
    const __m256i codes = _mm256_srli_epi32(words, Shift);
    const __m256 low = _mm256_permutevar8x32_ps(table.low, codes), high = _mm256_permutevar8x32_ps(table.high, codes);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(codes, 28)));
  }
};

SOO_AVX512_NF4 void numbers_avx512(const uint32_t* words, const float* scales, float* laid) {
  const __m512 table = _mm512_loadu_ps(kNf4.data()), scale = _mm512_loadu_ps(scales);
  for (int64_t word = 0; word < kWordsOfBlock; ++word, laid += kInputsOfWord * kPanel) {
    const __m512i codes = _mm512_loadu_si512(words + word * kPanel);
#pragma GCC unroll 8
    for (int i = 0; i < kInputsOfWord; ++i) {
      const __m512i shifted = _mm512_srli_epi32(codes, kShifts[i]);
      _mm512_storeu_ps(laid + i * kPanel, _mm512_mul_ps(_mm512_permutexvar_ps(shifted, table), scale));
    }
  }
}

template <int... Input>
SOO_AVX2 inline void numbers_of_word(const Avx2::Table& table, Avx2::Words words, __m256 scale, float* laid,
                                     std::integer_sequence<int, Input...>) {
  (_mm256_storeu_ps(laid + Input * kPanel, _mm256_mul_ps(Avx2::look_up<kShifts[Input]>(table, words), scale)), ...);
}

SOO_AVX2 void numbers_avx2(const uint32_t* words, const float* scales, float* laid) {
  const Avx2::Table table = Avx2::table();
  for (int64_t word = 0; word < kWordsOfBlock; ++word, laid += kInputsOfWord * kPanel) {
    for (int half = 0; half < 2; ++half) {
      numbers_of_word(table, Avx2::load(words + word * kPanel + half * 8), _mm256_loadu_ps(scales + half * 8),
                      laid + half * 8, std::make_integer_sequence<int, kInputsOfWord>{});
    }
  }
}

SOO_AVX512_NF4 void columns_avx512(const uint8_t* codes, int64_t stride, const float* scales, int64_t rows,
                                   float* laid) {
  const __m512 table = _mm512_loadu_ps(kNf4.data());
  for (int64_t row = 0; row < rows; ++row) {
    const __m512i each = _mm512_cvtepu8_epi32(codes_in_order(codes + row * stride));
    _mm512_storeu_ps(laid + row * kPanel,
                     _mm512_mul_ps(_mm512_permutexvar_ps(each, table), _mm512_set1_ps(scales[row])));
  }
}

SOO_AVX2 void columns_avx2(const uint8_t* codes, int64_t stride, const float* scales, int64_t rows, float* laid) {
  const Avx2::Table table = Avx2::table();
  for (int64_t row = 0; row < rows; ++row) {
    const __m128i each = codes_in_order(codes + row * stride);
    const __m256 scale = _mm256_set1_ps(scales[row]);
    const __m256i first = _mm256_cvtepu8_epi32(each), second = _mm256_cvtepu8_epi32(_mm_srli_si128(each, 8));
    _mm256_storeu_ps(laid + row * kPanel, _mm256_mul_ps(Avx2::look_up<0>(table, first), scale));
    _mm256_storeu_ps(laid + row * kPanel + 8, _mm256_mul_ps(Avx2::look_up<0>(table, second), scale));
  }
}

// Few rows: each output's codes are looked up as they lie in memory, eight inputs of a word one after the other, and
// multiplied with inputs that were put in the same order. A register of 16 words spans two blocks.

SOO_AVX512_NF4 inline float sum_of(__m512 values) { return _mm512_reduce_add_ps(values); }

template <int Rows>
SOO_AVX512_NF4 void multiply_avx512(const float* laid, const Nf4Weight& weight, int64_t output_row, float* output,
                                    int64_t stride) {
  const __m512 table = _mm512_loadu_ps(kNf4.data());
  const uint8_t* codes = weight.codes + output_row * weight.in / 2;
  const int64_t blocks = weight.in / kNf4Block, first = output_row * blocks;
  __m512 totals[Rows];
#pragma GCC unroll 4
  for (int row = 0; row < Rows; ++row) totals[row] = _mm512_setzero_ps();
  for (int64_t block = 0; block < blocks; block += 2) {
    // A last block by itself: the upper half of the register is nothing.
    const bool whole = block + 1 < blocks;
    const __mmask16 mask = whole ? 0xffff : 0x00ff;
    const __m512i words = _mm512_maskz_loadu_epi32(mask, codes + block * kBytesOfBlock);
    _mm_prefetch(reinterpret_cast<const char*>(codes + block * kBytesOfBlock + kAhead), _MM_HINT_T0);
    const float* input = laid + block * kNf4Block;
    __m512 sums[Rows];
#pragma GCC unroll 4
    for (int row = 0; row < Rows; ++row) sums[row] = _mm512_setzero_ps();
#pragma GCC unroll 8
    for (int i = 0; i < kInputsOfWord; ++i) {
      const __m512 numbers = _mm512_permutexvar_ps(_mm512_srli_epi32(words, kShifts[i]), table);
#pragma GCC unroll 4
      for (int row = 0; row < Rows; ++row) {
        const float* from = input + row * weight.in + i * (whole ? 16 : 8);
        sums[row] = _mm512_fmadd_ps(numbers, _mm512_maskz_loadu_ps(mask, from), sums[row]);
      }
    }
    const __m512 scale =
        _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(scale_of(weight.scales, first + block)),
                             _mm512_set1_ps(whole ? scale_of(weight.scales, first + block + 1) : 0.0f));
#pragma GCC unroll 4
    for (int row = 0; row < Rows; ++row) totals[row] = _mm512_fmadd_ps(sums[row], scale, totals[row]);
  }
#pragma GCC unroll 4
  for (int row = 0; row < Rows; ++row) output[row * stride] = sum_of(totals[row]);
}

SOO_AVX2 inline float sum_of(__m256 values) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(values), _mm256_extractf128_ps(values, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

template <int Rows, int... Input>
SOO_AVX2 inline void add_word(const Avx2::Table& table, Avx2::Words words, const float* input, int64_t in,
                              __m256 (&sums)[Rows], std::integer_sequence<int, Input...>) {
  const auto add = [&](__m256 numbers, int i) SOO_AVX2 {
    for (int row = 0; row < Rows; ++row)
      sums[row] = _mm256_fmadd_ps(numbers, _mm256_loadu_ps(input + row * in + i * 8), sums[row]);
  };
  (add(Avx2::look_up<kShifts[Input]>(table, words), Input), ...);
}

template <int Rows>
SOO_AVX2 void multiply_avx2(const float* laid, const Nf4Weight& weight, int64_t output_row, float* output,
                            int64_t stride) {
  const Avx2::Table table = Avx2::table();
  const uint8_t* codes = weight.codes + output_row * weight.in / 2;
  const int64_t blocks = weight.in / kNf4Block, first = output_row * blocks;
  __m256 totals[Rows];
  for (int row = 0; row < Rows; ++row) totals[row] = _mm256_setzero_ps();
  for (int64_t block = 0; block < blocks; ++block) {
    __m256 sums[Rows];
    for (int row = 0; row < Rows; ++row) sums[row] = _mm256_setzero_ps();
    add_word(table, Avx2::load(codes + block * kBytesOfBlock), laid + block * kNf4Block, weight.in, sums,
             std::make_integer_sequence<int, kInputsOfWord>{});
    const __m256 scale = _mm256_set1_ps(scale_of(weight.scales, first + block));
    for (int row = 0; row < Rows; ++row) totals[row] = _mm256_fmadd_ps(sums[row], scale, totals[row]);
  }
  for (int row = 0; row < Rows; ++row) output[row * stride] = sum_of(totals[row]);
}

using MultiplyOutput = void (*)(const float*, const Nf4Weight&, int64_t, float*, int64_t);
constexpr std::array<MultiplyOutput, kMostNf4Rows> kAvx512 = {multiply_avx512<1>, multiply_avx512<2>,
                                                              multiply_avx512<3>, multiply_avx512<4>};
constexpr std::array<MultiplyOutput, kMostNf4Rows> kAvx2 = {multiply_avx2<1>, multiply_avx2<2>, multiply_avx2<3>,
                                                            multiply_avx2<4>};

}  // namespace

bool has_nf4_products() { return has_panels(); }

void lay_nf4_rows(const Nf4Weight& weight, int64_t panel, float* laid) {
  const int64_t first = panel * kPanel, count = std::min(kPanel, weight.out - first), stride = weight.in / 2;
  const int64_t blocks = weight.in / kNf4Block;
  const auto numbers = has_avx512() ? numbers_avx512 : numbers_avx2;
  uint32_t words[kWordsOfBlock * kPanel];
  float scales[kPanel] = {};
  for (int64_t block = 0; block < blocks; ++block) {
    words_of_block(weight.codes + first * stride + block * kBytesOfBlock, stride, count, words);
    for (int64_t row = 0; row < count; ++row) scales[row] = scale_of(weight.scales, (first + row) * blocks + block);
    numbers(words, scales, laid + block * kNf4Block * kPanel);
  }
}

void lay_nf4_columns(const Nf4Weight& weight, int64_t panel, float* laid) {
  constexpr int64_t kTogether = 64;
  const int64_t first = panel * kPanel, stride = weight.in / 2, blocks = weight.in / kNf4Block;
  const auto columns = has_avx512() ? columns_avx512 : columns_avx2;
  float scales[kTogether];
  for (int64_t row = 0; row < weight.out; row += kTogether) {
    const int64_t count = std::min(kTogether, weight.out - row);
    for (int64_t i = 0; i < count; ++i) scales[i] = scale_of(weight.scales, (row + i) * blocks + first / kNf4Block);
    columns(weight.codes + row * stride + first / 2, stride, scales, count, laid + row * kPanel);
  }
}

void lay_nf4_input(const float* row, int64_t in, float* laid) {
  const int64_t words = has_avx512() ? 16 : 8;
  for (int64_t first = 0; first < in; first += words * kInputsOfWord) {
    const int64_t count = std::min(words, (in - first) / kInputsOfWord);
    for (int64_t word = 0; word < count; ++word) {
      for (int64_t i = 0; i < kInputsOfWord; ++i)
        laid[first + i * count + word] = row[first + word * kInputsOfWord + i];
    }
  }
}

void multiply_nf4(const float* laid, int64_t rows, const Nf4Weight& weight, int64_t first, int64_t count, float* output,
                  int64_t stride) {
  const MultiplyOutput multiply = (has_avx512() ? kAvx512 : kAvx2)[rows - 1];
  for (int64_t i = 0; i < count; ++i) multiply(laid, weight, first + i, output + i, stride);
}

#else

bool has_nf4_products() { return false; }
void lay_nf4_rows(const Nf4Weight&, int64_t, float*) {}
void lay_nf4_columns(const Nf4Weight&, int64_t, float*) {}
void lay_nf4_input(const float*, int64_t, float*) {}
void multiply_nf4(const float*, int64_t, const Nf4Weight&, int64_t, int64_t, float*, int64_t) {}

#endif

}  // namespace soo
