#pragma once

// Marks loops that are compiled for wider registers as well where the compiler can; the loader takes what the processor
// has. Rectifiers are written as products there, since a choice between a number and a product is made by a jump, which
// costs more than all else.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SOO_WIDE __attribute__((target_clones("default", "avx2"), optimize("O3", "no-trapping-math")))
#else
#define SOO_WIDE
#endif
