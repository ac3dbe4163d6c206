#pragma once

// Which of the processor's instructions kernels may use. ATEN_CPU_CAPABILITY, which libtorch heeds as well, takes some
// away: with "avx2" all beyond it, with "default" all.

namespace soo {

/** AVX2 and FMA. */
bool has_avx2();

/** AVX-512F, BW, DQ and VL. */
bool has_avx512();

/** Products of bfloat16 pairs that are summed up in float32, by 16. */
bool has_avx512_bfloat16();

/** Tiles of bfloat16, which libtorch multiplies with. */
bool has_amx_bfloat16();

}  // namespace soo
