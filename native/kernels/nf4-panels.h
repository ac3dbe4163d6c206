#pragma once

#include <cstdint>

#include "kernels/nf4.h"

// Weights of four bits laid out for products: in panels of floats (panels.h), or read as they are where rows are few.

namespace soo {

/** Whether this processor has the instructions. */
bool has_nf4_products();

/** Lays the weights of 16 outputs out as [in, kPanel], as lay_panel does. Outputs beyond the last are 0. */
void lay_nf4_rows(const Nf4Weight& weight, int64_t panel, float* laid);

/** Lays the weights of 16 inputs out as [out, kPanel]: a panel of the transposed weight. */
void lay_nf4_columns(const Nf4Weight& weight, int64_t panel, float* laid);

/** Most rows that `multiply_nf4` takes. */
constexpr int64_t kMostNf4Rows = 4;

/** Numbers of a row as `multiply_nf4` reads them, in the order in which codes lie in their bytes. [in] each. */
void lay_nf4_input(const float* row, int64_t in, float* laid);

/** output[row * stride + i] = the product of a laid input [rows, in] with output `first` + i of the weight. */
void multiply_nf4(const float* laid, int64_t rows, const Nf4Weight& weight, int64_t first, int64_t count, float* output,
                  int64_t stride);

}  // namespace soo
