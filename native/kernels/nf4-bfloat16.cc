#include "kernels/nf4-bfloat16.h"

#include <ATen/ops/empty.h>
#include <c10/util/BFloat16.h>

#include <algorithm>
#include <array>

#include "kernels/nf4-words.h"
#include "kernels/panel-rows.h"

namespace soo {

#ifdef SOO_HAS_AVX2

// GCC's own intrinsics begin with a register that has no value.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

namespace {

#define SOO_BFLOAT16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16,avx2,fma"), optimize("O3")))

/** Two bfloat16 numbers side by side, the first in the lower half. */
using Pair = uint32_t;

/** [first of 0, second of 0, first of 1, ...], each rounded to bfloat16. */
SOO_BFLOAT16 inline __m512i pairs_of(__m512 first, __m512 second) {
  alignas(64) static constexpr std::array<uint16_t, 32> kOrder = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                                  21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                                  11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
  return _mm512_permutexvar_epi16(_mm512_load_si512(kOrder.data()), both);
}

/** The weights of 16 outputs as pairs of inputs, [in / 2, kPanel]. */
SOO_BFLOAT16 void lay_rows(const Nf4Weight& weight, int64_t panel, Pair* laid) {
  const int64_t first = panel * kPanel, count = std::min(kPanel, weight.out - first), stride = weight.in / 2;
  const int64_t blocks = weight.in / kNf4Block;
  const __m512 table = _mm512_loadu_ps(kNf4.data());
  uint32_t words[kWordsOfBlock * kPanel];
  float scales[kPanel] = {};
  for (int64_t block = 0; block < blocks; ++block) {
    words_of_block(weight.codes + first * stride + block * kBytesOfBlock, stride, count, words);
    for (int64_t row = 0; row < count; ++row) scales[row] = scale_of(weight.scales, (first + row) * blocks + block);
    const __m512 scale = _mm512_loadu_ps(scales);
    for (int64_t word = 0; word < kWordsOfBlock; ++word, laid += kInputsOfWord / 2 * kPanel) {
      const __m512i codes = _mm512_loadu_si512(words + word * kPanel);
#pragma GCC unroll 4
      for (int pair = 0; pair < kInputsOfWord / 2; ++pair) {
        const __m512i upper = _mm512_srli_epi32(codes, kShifts[2 * pair]),
                      lower = _mm512_srli_epi32(codes, kShifts[2 * pair + 1]);
        const __m512i both = pairs_of(_mm512_mul_ps(_mm512_permutexvar_ps(upper, table), scale),
                                      _mm512_mul_ps(_mm512_permutexvar_ps(lower, table), scale));
        _mm512_storeu_si512(laid + pair * kPanel, both);
      }
    }
  }
}

/** The weights of 16 inputs as pairs of outputs, [out / 2, kPanel]. */
SOO_BFLOAT16 void lay_columns(const Nf4Weight& weight, int64_t panel, Pair* laid) {
  const int64_t first = panel * kPanel, stride = weight.in / 2, blocks = weight.in / kNf4Block;
  const __m512 table = _mm512_loadu_ps(kNf4.data());
  const uint8_t* codes = weight.codes + first / 2;
  const auto numbers = [&](int64_t row) SOO_BFLOAT16 {
    const __m512i each = _mm512_cvtepu8_epi32(codes_in_order(codes + row * stride));
    return _mm512_mul_ps(_mm512_permutexvar_ps(each, table),
                         _mm512_set1_ps(scale_of(weight.scales, row * blocks + first / kNf4Block)));
  };
  for (int64_t row = 0; row < weight.out; row += 2)
    _mm512_storeu_si512(laid + row / 2 * kPanel, pairs_of(numbers(row), numbers(row + 1)));
}

// Few rows: codes are looked up where they lie, four inputs of a 16-bit word one after the other. A register holds two
// blocks.

constexpr int kFewRows = 4, kInputsOfHalf = 4, kHalves = 32;
/** The first input's code lies in bits 4 to 7 of a word, the second's in 0 to 3. */
constexpr std::array<int, kInputsOfHalf> kHalfShifts = {4, 0, 12, 8};

/** The numbers of a row in the order in which they are met: [in / 128, 4, 32], the last group shorter where need be. */
void lay_few(const uint16_t* row, int64_t in, uint16_t* laid) {
  for (int64_t first = 0; first < in; first += kHalves * kInputsOfHalf) {
    const int64_t count = std::min<int64_t>(kHalves, (in - first) / kInputsOfHalf);
    for (int64_t word = 0; word < count; ++word) {
      for (int64_t i = 0; i < kInputsOfHalf; ++i)
        laid[first + i * count + word] = row[first + word * kInputsOfHalf + i];
    }
  }
}

/** The values of the codes, twice: whatever the fifth bit of an index is. */
std::array<uint16_t, 32> rounded_values() {
  std::array<uint16_t, 32> values{};
  for (size_t i = 0; i < values.size(); ++i) values[i] = c10::BFloat16(kNf4[i % kNf4.size()]).x;
  return values;
}

template <int Rows>
SOO_BFLOAT16 void multiply_few(const uint16_t* laid, const Nf4Weight& weight, __m512i table, int64_t of,
                               c10::BFloat16* output) {
  const uint8_t* codes = weight.codes + of * weight.in / 2;
  const int64_t blocks = weight.in / kNf4Block, first = of * blocks;
  __m512 totals[Rows];
#pragma GCC unroll 4
  for (int row = 0; row < Rows; ++row) totals[row] = _mm512_setzero_ps();
  for (int64_t block = 0; block < blocks; block += 2) {
    const bool whole = block + 1 < blocks;
    const __mmask16 mask = whole ? 0xffff : 0x00ff;
    const int64_t apart = whole ? kHalves : kHalves / 2;
    const __m512i words = _mm512_maskz_loadu_epi32(mask, codes + block * kBytesOfBlock);
    _mm_prefetch(reinterpret_cast<const char*>(codes + block * kBytesOfBlock + kAhead), _MM_HINT_T0);
    __m512 sums[Rows];
#pragma GCC unroll 4
    for (int row = 0; row < Rows; ++row) sums[row] = _mm512_setzero_ps();
#pragma GCC unroll 4
    for (int i = 0; i < kInputsOfHalf; ++i) {
      const __m512i numbers = _mm512_permutexvar_epi16(_mm512_srli_epi16(words, kHalfShifts[i]), table);
#pragma GCC unroll 4
      for (int row = 0; row < Rows; ++row) {
        const uint16_t* from = laid + row * weight.in + block * kNf4Block + i * apart;
        sums[row] = _mm512_dpbf16_ps(sums[row], reinterpret_cast<__m512bh>(numbers),
                                     reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi32(mask, from)));
      }
    }
    const __m512 scale = _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(scale_of(weight.scales, first + block)),
                                              _mm512_set1_ps(scale_of(weight.scales, first + block + (whole ? 1 : 0))));
#pragma GCC unroll 4
    for (int row = 0; row < Rows; ++row) totals[row] = _mm512_fmadd_ps(sums[row], scale, totals[row]);
  }
#pragma GCC unroll 4
  for (int row = 0; row < Rows; ++row) output[row * weight.out + of] = _mm512_reduce_add_ps(totals[row]);
}

template <int Rows>
SOO_BFLOAT16 void multiply_panel_few(const uint16_t* laid, const Nf4Weight& weight, const uint16_t* values,
                                     int64_t panel, c10::BFloat16* output) {
  const __m512i table = _mm512_loadu_si512(values);
  const int64_t end = std::min(weight.out, (panel + 1) * kPanel);
  for (int64_t of = panel * kPanel; of < end; ++of) multiply_few<Rows>(laid, weight, table, of, output);
}

using MultiplyFew = void (*)(const uint16_t*, const Nf4Weight&, const uint16_t*, int64_t, c10::BFloat16*);
constexpr std::array<MultiplyFew, kFewRows> kMultiplyFew = {multiply_panel_few<1>, multiply_panel_few<2>,
                                                            multiply_panel_few<3>, multiply_panel_few<4>};

void few_rows(const at::Tensor& rows, const Nf4Weight& weight, at::Tensor& output) {
  const int64_t count = rows.numel() / weight.in;
  const at::Tensor laid = at::empty({count, weight.in}, at::kShort);
  const auto* from = static_cast<const uint16_t*>(rows.const_data_ptr());
  auto* place = static_cast<uint16_t*>(laid.mutable_data_ptr());
  for (int64_t row = 0; row < count; ++row) lay_few(from + row * weight.in, weight.in, place + row * weight.in);
  const auto values = rounded_values();
  const MultiplyFew multiply = kMultiplyFew[count - 1];
  on_threads((weight.out + kPanel - 1) / kPanel, [&, to = output.mutable_data_ptr<c10::BFloat16>()](int64_t panel) {
    multiply(place, weight, values.data(), panel, to);
  });
}

/** Panels of the weight are laid out as they are asked for, as words of two inputs. */
at::Tensor many_rows(const at::Tensor& rows, const Nf4Weight& weight, bool transposed) {
  const int64_t in = transposed ? weight.out : weight.in, out = transposed ? weight.in : weight.out;
  const int64_t size = in / 2 * kPanel;
  return multiply_rows(rows, out, c10::kBFloat16, kRowsOfLaidWeights,
                       [&](int64_t first, int64_t count, Scratch& scratch) {
                         float* laid = scratch.take(count * size);
                         for (int64_t i = 0; i < count; ++i) {
                           // Words are moved as floats where only their bits count.
                           auto* numbers = reinterpret_cast<Pair*>(laid + i * size);
                           (transposed ? lay_columns : lay_rows)(weight, first + i, numbers);
                         }
                         return Panels{first, count, laid, size, laid};
                       });
}

}  // namespace

bool has_nf4_bfloat16() { return has_avx512_bfloat16(); }

at::Tensor nf4_product_bfloat16(const at::Tensor& input, const Nf4Weight& weight, bool transposed) {
  const int64_t in = transposed ? weight.out : weight.in;
  if (transposed || input.numel() / in > kFewRows || input.numel() == 0) return many_rows(input, weight, transposed);
  auto shape = input.sizes().vec();
  shape.back() = weight.out;
  at::Tensor output = at::empty(shape, input.options());
  few_rows(input.contiguous(), weight, output);
  return output;
}

#else

bool has_nf4_bfloat16() { return false; }
at::Tensor nf4_product_bfloat16(const at::Tensor& input, const Nf4Weight&, bool) { return input; }

#endif

}  // namespace soo
