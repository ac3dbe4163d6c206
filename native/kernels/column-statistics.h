#pragma once

#include <cstdint>

// Mean and variance of a matrix's columns, as batch normalisation needs them. Rows lie `stride` apart.

namespace soo {

void column_means(const float* x, int64_t stride, int64_t rows, int64_t columns, double* means);

/** Sums of squared deviations from the means. */
void column_squares(const float* x, int64_t stride, int64_t rows, int64_t columns, const double* means,
                    double* squares);

/** Statistics of `columns` columns that a network goes by when it acts. */
struct RunningStatistics {
  float* mean;
  float* variance;
  int64_t* batches;
};

/** Moves them a share `momentum` towards those of a batch. */
void move_statistics(const RunningStatistics& running, const double* means, const double* squares, int64_t rows,
                     int64_t columns, double momentum);

}  // namespace soo
