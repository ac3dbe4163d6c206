#pragma once

#include <cstdint>

#include "kernels/instructions.h"

// Code for processors with AVX2 and FMA, or with AVX-512: compiled where the compiler can, taken where the processor
// has them (instructions.h).
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define SOO_HAS_AVX2 1
#define SOO_AVX2 __attribute__((target("avx2,fma"), optimize("O3")))
#define SOO_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), optimize("O3")))
#define SOO_AVX512_BFLOAT16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), optimize("O3")))
#endif

namespace soo {

/** Floats in a register: what is computed by registers comes in multiples of it. */
constexpr int64_t kLanes = 8;

constexpr int64_t whole_lanes(int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

}  // namespace soo
