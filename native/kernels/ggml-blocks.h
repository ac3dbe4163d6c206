#pragma once

#include <cstdint>

namespace soo {

/** How a type of ggml's keeps its numbers: in blocks, each with its own scale. */
struct BlockFormat {
  /** The type's number in files. */
  int64_t type;
  /** Numbers and bytes of a block. */
  int64_t values, bytes;
  /** Writes the numbers of `count` blocks as float32. Any bytes are a block. */
  void (*unpack)(const uint8_t* blocks, int64_t count, float* out);
};

/** Null for a type that is not known. */
const BlockFormat* block_format(int64_t type);

}  // namespace soo
