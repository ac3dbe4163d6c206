#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

// Attention of one query a head over the keys and values of a cache, as each step of decoding has it. libtorch's takes
// four times as long there, in products of a few numbers each. A cache may be bfloat16: all is computed in float32.

namespace soo {

/** Vectors `stride` apart. */
template <class T>
struct Vectors {
  const T* data;
  int64_t stride;
};

/** Queries that share keys and values. */
template <class T>
struct QueryGroup {
  Vectors<float> queries;
  Vectors<T> keys, values;
  /** `size` comes in multiples of kLanes. */
  int64_t count, positions, size;
  /** For each position whether it may be looked at, `mask_stride` apart; null: all may. */
  const bool* mask;
  int64_t mask_stride;
  /** What the group after this one reads, as many positions of it; for the last one its own. */
  Vectors<T> next_keys, next_values;
};

/** Whether this processor has the instructions. */
bool has_cached_attention();

/**
 * Writes softmax(query · keys / sqrt(size)) · values of each query, one behind the other; zeros where nothing may be
 * looked at. What may not be looked at in front of all else has no effect on a single bit.
 */
void attend(const QueryGroup<float>& group, float* out);
void attend(const QueryGroup<c10::BFloat16>& group, float* out);

}  // namespace soo
