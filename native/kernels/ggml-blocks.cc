#include "kernels/ggml-blocks.h"

#include <c10/util/Half.h>

#include <bit>
#include <cstring>

#include "kernels/wide.h"

// The block types of ggml (ggml-quants.c), number for number what the Python package `gguf` makes of them. Scales have
// 11 bits and what multiplies them at most 11 more, so that every product is exact, and only a sum rounds.

namespace soo {

namespace {

float half(const uint8_t* at) {
  uint16_t bits;
  std::memcpy(&bits, at, sizeof bits);
  return c10::detail::fp16_ieee_to_fp32_value(bits);
}

constexpr int kSmall = 32, kLarge = 256;

/** Two numbers a byte, the first halves of all bytes before the second ones. */
SOO_WIDE void q4_0(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 18, out += kSmall) {
    const float d = half(block);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>((block[2 + i] & 15) - 8);
      out[16 + i] = d * static_cast<float>((block[2 + i] >> 4) - 8);
    }
  }
}

SOO_WIDE void q4_1(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 20, out += kSmall) {
    const float d = half(block), least = half(block + 2);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(block[4 + i] & 15) + least;
      out[16 + i] = d * static_cast<float>(block[4 + i] >> 4) + least;
    }
  }
}

/** The fifth bits of 32 numbers are one word. */
uint32_t fifth_bits(const uint8_t* at) {
  uint32_t bits;
  std::memcpy(&bits, at, sizeof bits);
  return bits;
}

SOO_WIDE void q5_0(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 22, out += kSmall) {
    const float d = half(block);
    const uint32_t high = fifth_bits(block + 2);
    for (int i = 0; i < 16; ++i) {
      const int first = (block[6 + i] & 15) | static_cast<int>(high >> i & 1) << 4;
      const int second = block[6 + i] >> 4 | static_cast<int>(high >> (16 + i) & 1) << 4;
      out[i] = d * static_cast<float>(first - 16);
      out[16 + i] = d * static_cast<float>(second - 16);
    }
  }
}

SOO_WIDE void q5_1(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 24, out += kSmall) {
    const float d = half(block), least = half(block + 2);
    const uint32_t high = fifth_bits(block + 4);
    for (int i = 0; i < 16; ++i) {
      const int first = (block[8 + i] & 15) | static_cast<int>(high >> i & 1) << 4;
      const int second = block[8 + i] >> 4 | static_cast<int>(high >> (16 + i) & 1) << 4;
      out[i] = d * static_cast<float>(first) + least;
      out[16 + i] = d * static_cast<float>(second) + least;
    }
  }
}

SOO_WIDE void q8_0(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 34, out += kSmall) {
    const float d = half(block);
    for (int i = 0; i < kSmall; ++i) out[i] = d * static_cast<float>(static_cast<int8_t>(block[2 + i]));
  }
}

/** Sixteen numbers a scale and a least number of four bits each; four numbers a byte. */
SOO_WIDE void q2_k(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 84, out += kLarge) {
    const float d = half(block + 80), least = half(block + 82);
    for (int group = 0; group < 16; ++group) {
      const float scale = d * static_cast<float>(block[group] & 15),
                  offset = least * static_cast<float>(block[group] >> 4);
      const uint8_t* from = block + 16 + group / 8 * 32 + group % 2 * 16;
      const int shift = group / 2 % 4 * 2;
      for (int i = 0; i < 16; ++i) out[group * 16 + i] = scale * static_cast<float>(from[i] >> shift & 3) - offset;
    }
  }
}

/** Scales of six bits, four below and two above; a third bit that is set takes no four away. */
SOO_WIDE void q3_k(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 110, out += kLarge) {
    const uint8_t *mask = block, *low = block + 32, *scales = block + 96;
    const float d = half(block + 108);
    for (int group = 0; group < 16; ++group) {
      const int below = scales[group % 8] >> group / 8 * 4 & 15, above = scales[8 + group % 4] >> group / 4 * 2 & 3;
      const float scale = d * static_cast<float>((below | above << 4) - 32);
      const int shift = group / 2 % 4 * 2, bit = group / 2, at = group % 2 * 16;
      const uint8_t* from = low + group / 8 * 32 + at;
      for (int i = 0; i < 16; ++i) {
        const int value = (from[i] >> shift & 3) - ((mask[at + i] >> bit & 1) ^ 1) * 4;
        out[group * 16 + i] = scale * static_cast<float>(value);
      }
    }
  }
}

struct ScaleAndLeast {
  float scale, least;
};

/** One of eight pairs of six bits in twelve bytes, which Q4_K and Q5_K share. */
ScaleAndLeast six_bits(const uint8_t* from, int group) {
  const int scale = group < 4 ? from[group] & 63 : (from[4 + group] & 15) | (from[group - 4] >> 2 & 48);
  const int least = group < 4 ? from[4 + group] & 63 : from[4 + group] >> 4 | (from[group] >> 2 & 48);
  return {static_cast<float>(scale), static_cast<float>(least)};
}

SOO_WIDE void q4_k(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 144, out += kLarge) {
    const float d = half(block), least = half(block + 2);
    for (int group = 0; group < 8; ++group) {
      const ScaleAndLeast own = six_bits(block + 4, group);
      const float scale = d * own.scale, offset = least * own.least;
      const uint8_t* from = block + 16 + group / 2 * 32;
      const int shift = group % 2 * 4;
      for (int i = 0; i < 32; ++i) out[group * 32 + i] = scale * static_cast<float>(from[i] >> shift & 15) - offset;
    }
  }
}

SOO_WIDE void q5_k(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 176, out += kLarge) {
    const float d = half(block), least = half(block + 2);
    const uint8_t* high = block + 16;
    for (int group = 0; group < 8; ++group) {
      const ScaleAndLeast own = six_bits(block + 4, group);
      const float scale = d * own.scale, offset = least * own.least;
      const uint8_t* from = block + 48 + group / 2 * 32;
      const int shift = group % 2 * 4;
      for (int i = 0; i < 32; ++i) {
        const int value = (from[i] >> shift & 15) | (high[i] >> group & 1) << 4;
        out[group * 32 + i] = scale * static_cast<float>(value) - offset;
      }
    }
  }
}

SOO_WIDE void q6_k(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 210, out += kLarge) {
    const float d = half(block + 208);
    for (int group = 0; group < 16; ++group) {
      const float scale = d * static_cast<float>(static_cast<int8_t>(block[192 + group]));
      // 128 numbers at a time lie in 64 bytes of four bits and in 32 of two.
      const int row = group / 2 % 4, at = group % 2 * 16;
      const uint8_t* low = block + group / 8 * 64 + row % 2 * 32 + at;
      const uint8_t* high = block + 128 + group / 8 * 32 + at;
      const int shift = row / 2 * 4, above = row * 2;
      for (int i = 0; i < 16; ++i) {
        const int value = (low[i] >> shift & 15) | (high[i] >> above & 3) << 4;
        out[group * 16 + i] = scale * static_cast<float>(value - 32);
      }
    }
  }
}

constexpr float kUneven[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
/** Floating-point numbers of four bits, doubled. */
constexpr float kFloats[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

void from_table(const uint8_t* from, float scale, const float* table, float* out) {
  for (int i = 0; i < 16; ++i) {
    out[i] = scale * table[from[i] & 15];
    out[16 + i] = scale * table[from[i] >> 4];
  }
}

void iq4_nl(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 18, out += kSmall) from_table(block + 2, half(block), kUneven, out);
}

void iq4_xs(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 136, out += kLarge) {
    const float d = half(block);
    const int high = block[2] | block[3] << 8;
    for (int group = 0; group < 8; ++group) {
      const int scale = (block[4 + group / 2] >> group % 2 * 4 & 15) | (high >> 2 * group & 3) << 4;
      from_table(block + 8 + group * 16, d * static_cast<float>(scale - 32), kUneven, out + group * 32);
    }
  }
}

/** Half of two to the power that a byte says. */
float half_power(uint8_t byte) {
  return std::bit_cast<float>(byte < 2 ? 0x00200000u << byte : static_cast<uint32_t>(byte - 1) << 23);
}

void mxfp4(const uint8_t* block, int64_t count, float* out) {
  for (; count > 0; --count, block += 17, out += kSmall) from_table(block + 1, half_power(block[0]), kFloats, out);
}

constexpr BlockFormat kFormats[] = {
    {2, kSmall, 18, q4_0},   {3, kSmall, 20, q4_1},   {6, kSmall, 22, q5_0},    {7, kSmall, 24, q5_1},
    {8, kSmall, 34, q8_0},   {10, kLarge, 84, q2_k},  {11, kLarge, 110, q3_k},  {12, kLarge, 144, q4_k},
    {13, kLarge, 176, q5_k}, {14, kLarge, 210, q6_k}, {20, kSmall, 18, iq4_nl}, {23, kLarge, 136, iq4_xs},
    {39, kSmall, 17, mxfp4},
};

}  // namespace

const BlockFormat* block_format(int64_t type) {
  for (const BlockFormat& format : kFormats) {
    if (format.type == type) return &format;
  }
  return nullptr;
}

}  // namespace soo
