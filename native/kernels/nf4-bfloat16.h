#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/nf4.h"

// Products of bfloat16 numbers with a weight of four bits, for processors that multiply pairs of them and add both
// products to a float (AVX512-BF16): twice as many products an instruction as with floats, and half the bytes of a
// panel.

namespace soo {

/** Whether this processor has the instructions. */
bool has_nf4_bfloat16();

/**
 * Rows of bfloat16 [..., in] times the weight transposed: bfloat16 [..., out]; or, where `transposed`, rows [..., out]
 * times the weight as it is: [..., in]. `out` must be even then. Without a graph.
 */
at::Tensor nf4_product_bfloat16(const at::Tensor& input, const Nf4Weight& weight, bool transposed);

}  // namespace soo
