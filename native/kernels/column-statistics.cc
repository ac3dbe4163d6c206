#include "kernels/column-statistics.h"

#include "kernels/wide.h"

namespace soo {

SOO_WIDE void column_means(const float* x, int64_t stride, int64_t rows, int64_t columns, double* means) {
  for (int64_t j = 0; j < columns; ++j) means[j] = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) means[j] += x[i * stride + j];
  }
  for (int64_t j = 0; j < columns; ++j) means[j] /= static_cast<double>(rows);
}

SOO_WIDE void column_squares(const float* x, int64_t stride, int64_t rows, int64_t columns, const double* means,
                             double* squares) {
  for (int64_t j = 0; j < columns; ++j) squares[j] = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const double apart = x[i * stride + j] - means[j];
      squares[j] += apart * apart;
    }
  }
}

void move_statistics(const RunningStatistics& running, const double* means, const double* squares, int64_t rows,
                     int64_t columns, double momentum) {
  *running.batches += 1;
  for (int64_t j = 0; j < columns; ++j) {
    const double unbiased = squares[j] / static_cast<double>(rows - 1);
    running.mean[j] = static_cast<float>(momentum * means[j] + (1 - momentum) * running.mean[j]);
    running.variance[j] = static_cast<float>(momentum * unbiased + (1 - momentum) * running.variance[j]);
  }
}

}  // namespace soo
