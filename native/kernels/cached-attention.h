#pragma once

#include <cstdint>

// Attention of one query a head over the keys and values of a cache, as each step of decoding has it. libtorch's takes
// four times as long there, in products of a few numbers each.

namespace soo {

/** Vectors `stride` apart. */
struct Vectors {
  const float* data;
  int64_t stride;
};

/** Queries that share keys and values. */
struct QueryGroup {
  Vectors queries, keys, values;
  /** `size` comes in multiples of kLanes. */
  int64_t count, positions, size;
  /** For each position whether it may be looked at, `mask_stride` apart; null: all may. */
  const bool* mask;
  int64_t mask_stride;
  /** What the group after this one reads, as many positions of it; for the last one its own. */
  Vectors next_keys, next_values;
};

/** Whether this processor has the instructions. */
bool has_cached_attention();

/**
 * Writes softmax(query · keys / sqrt(size)) · values of each query, one behind the other; zeros where nothing may be
 * looked at. What may not be looked at in front of all else has no effect on a single bit.
 */
void attend(const QueryGroup& group, float* out);

}  // namespace soo
