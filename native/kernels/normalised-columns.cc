#include "kernels/normalised-columns.h"

#include <cmath>

#include "kernels/wide.h"

namespace soo {

namespace {

SOO_WIDE void normalise(const float* __restrict x, int64_t stride, int64_t rows, int64_t columns,
                        const float* __restrict means, const float* __restrict scales, float* __restrict out,
                        int64_t out_stride) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) out[i * out_stride + j] = (x[i * stride + j] - means[j]) * scales[j];
  }
}

}  // namespace

NormalisedColumns::NormalisedColumns(int64_t rows, int64_t columns, double eps, Scratch& scratch)
    : rows_(rows),
      stride_(whole_lanes(columns)),
      eps_(eps),
      values_(scratch.zeros(rows * stride_ + kLanes)),
      means_(columns),
      squares_(columns),
      scales_(columns) {}

void NormalisedColumns::fill(int64_t first, int64_t count, const float* from, int64_t stride) {
  column_means(from, stride, rows_, count, means_.data() + first);
  column_squares(from, stride, rows_, count, means_.data() + first, squares_.data() + first);
  std::vector<float> means(count);
  for (int64_t j = 0; j < count; ++j) {
    means[j] = static_cast<float>(means_[first + j]);
    scales_[first + j] = static_cast<float>(1 / std::sqrt(squares_[first + j] / static_cast<double>(rows_) + eps_));
  }
  normalise(from, stride, rows_, count, means.data(), scales_.data() + first, values_ + first, stride_);
}

void NormalisedColumns::move(const RunningStatistics& running, int64_t first, int64_t count, double momentum) const {
  move_statistics(running, means_.data() + first, squares_.data() + first, rows_, count, momentum);
}

void NormalisedColumns::backward(int64_t first, int64_t count, float* grad) const {
  for (int64_t j = 0; j < count; ++j) {
    double sum = 0, product = 0;
    for (int64_t i = 0; i < rows_; ++i) {
      sum += grad[i * count + j];
      product += static_cast<double>(grad[i * count + j]) * values_[i * stride_ + first + j];
    }
    const float shift = static_cast<float>(sum / rows_), tilt = static_cast<float>(product / rows_);
    for (int64_t i = 0; i < rows_; ++i) {
      const float value = grad[i * count + j] - shift - values_[i * stride_ + first + j] * tilt;
      grad[i * count + j] = value * scales_[first + j];
    }
  }
}

}  // namespace soo
