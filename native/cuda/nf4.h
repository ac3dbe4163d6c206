#pragma once

#include <cstdint>

/** How numbers are written. */
enum SooNf4Type { kSooFloat32 = 0, kSooBFloat16 = 1, kSooFloat16 = 2 };

/**
 * Codes on a GPU, two a byte, to `count` numbers there: each is one of `values` times the magnitude of its block of
 * 2^`shift`. Enqueued on a stream of the current device; `count` is even but for the last number.
 * @returns what CUDA says of the launch, null where it is well
 */
extern "C" const char* soo_nf4_dequantise(const uint8_t* codes, const float* absmax, const float* values, void* numbers,
                                          int64_t count, int shift, SooNf4Type type, void* stream);
