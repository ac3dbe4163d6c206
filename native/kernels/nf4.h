#pragma once

#include <array>
#include <cstdint>

// Weights of four bits as bitsandbytes keeps them (Dettmers et al. 2023, arXiv 2305.14314): each number is one of
// sixteen values times the largest magnitude of its block. Two codes share a byte, the first of them in the upper half;
// blocks run on over the ends of rows.

namespace soo {

/** What the sixteen codes stand for: quantiles of a normal distribution, bitsandbytes' numbers to the bit. */
constexpr std::array<float, 16> kNf4 = {
    -1.0f,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0.0f,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1.0f,
};

/** Numbers of a block, where nothing else is asked for. */
constexpr int64_t kNf4Block = 64;

/** Largest magnitudes that share one of their own, where they are quantised as well. */
constexpr int64_t kNestedBlock = 256;

/**
 * The largest magnitude of each block: as it is in `absmax`, or, where that is null, map[codes[block]] *
 * nested[block / 256] + offset.
 */
struct BlockScales {
  const float* absmax;
  const uint8_t* codes;
  const float* map;
  const float* nested;
  float offset;
};

/** A weight [out, in] with rows of whole blocks of 64. */
struct Nf4Weight {
  const uint8_t* codes;
  BlockScales scales;
  int64_t out, in;
};

}  // namespace soo
