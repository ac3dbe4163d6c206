#pragma once

#include "kernels/column-statistics.h"
#include "kernels/scratch.h"
#include "kernels/tiles.h"

namespace soo {

/** A matrix whose columns have mean 0 and variance 1 over its rows, filled a few columns at a time. */
class NormalisedColumns {
 public:
  NormalisedColumns(int64_t rows, int64_t columns, double eps, Scratch& scratch);

  /** Fills columns from `first` on from rows that lie `stride` apart. */
  void fill(int64_t first, int64_t count, const float* from, int64_t stride);

  /** From `row` and `column` on, with a register's room behind the last. */
  Rows from(int64_t row, int64_t column) const { return {values_ + row * stride_ + column, stride_}; }

  /** Moves a network's running statistics towards those of the columns from `first` on. */
  void move(const RunningStatistics& running, int64_t first, int64_t count, double momentum) const;

  /** Turns the gradient of the columns from `first` on into that of what they were filled from. @param grad [rows,
   * count] */
  void backward(int64_t first, int64_t count, float* grad) const;

 private:
  int64_t rows_, stride_;
  double eps_;
  float* values_;
  std::vector<double> means_, squares_;
  std::vector<float> scales_;
};

}  // namespace soo
