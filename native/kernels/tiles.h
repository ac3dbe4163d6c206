#pragma once

#include <cstdint>

#include "kernels/avx2.h"

// Matrix products of small layers, with what comes after a product done while its sums are still in registers. Sums of
// 6 rows and 16 columns at a time; what is multiplied should fit into the nearest caches.

namespace soo {

/** Whether this processor has the instructions; without them nothing below may be called. */
bool has_tiles();

/** Row-major, rows `stride` apart. */
struct Rows {
  const float* data;
  int64_t stride;
};

struct ProductSize {
  int64_t rows, depth, columns;
};

/** out = rectified(left · right + bias): what is negative times `leak`. */
void multiply_rectified(Rows left, Rows right, ProductSize size, const float* bias, float leak, float* out,
                        int64_t stride);

/** The gradient before a rectifier: of left · right, what `h` had rectified times `leak`. It takes the place of `h`. */
void multiply_unrectified(Rows left, Rows right, ProductSize size, float leak, float* h, int64_t stride);

/** out += leftᵀ · right, with left [depth, rows]. */
void multiply_transposed(Rows left, Rows right, ProductSize size, float* out, int64_t stride);

/** out[r, o] = x[r] · weights[o] + bias[o], for a few outputs; depth in whole lanes, out without gaps. `bias` may be
 * null. */
void multiply_narrow(Rows x, Rows weights, int64_t rows, int64_t depth, int64_t outputs, const float* bias, float* out);

/** sums[j] += x[r, j] over all rows. */
void add_column_sums(Rows x, int64_t rows, int64_t columns, float* sums);

}  // namespace soo
