#pragma once

#include <cstdint>

// Code for processors with AVX2 and FMA: compiled where the compiler can, taken where the processor has them.
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define SOO_HAS_AVX2 1
#define SOO_AVX2 __attribute__((target("avx2,fma"), optimize("O3")))
#endif

namespace soo {

/** Floats in a register: what is computed by registers comes in multiples of it. */
constexpr int64_t kLanes = 8;

constexpr int64_t whole_lanes(int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

#ifdef SOO_HAS_AVX2
inline bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

}  // namespace soo
