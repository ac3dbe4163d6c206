#pragma once

#include <cstdint>

#include "kernels/cached-attention.h"
#include "kernels/scratch.h"

// Attention of many queries over the keys and values of a cache, as prompts have it, in float32 without a graph:
// products of panels, and only with what some query of a piece may look at. libtorch's multiplies all, with products of
// a few rows at a time.

namespace soo {

/** Queries of heads that share keys and values: `heads` times `count` of them. */
struct Prompt {
  /** Queries of a head `query_stride` apart, those of the next head `head_stride` further on. */
  const float* queries;
  int64_t heads, count, query_stride, head_stride;
  Vectors<float> keys, values;
  int64_t positions, size;
  /** [count, positions] whether a query may look there, rows `mask_stride` apart; null: what is not after it, the last
   * query standing at the last position. */
  const bool* mask;
  int64_t mask_stride;
};

/** Writes softmax(query · keys / sqrt(size)) · values, [heads, count, size]; zeros where nothing may be looked at. */
void attend_prompt(const Prompt& prompt, Scratch& scratch, float* out);

}  // namespace soo
