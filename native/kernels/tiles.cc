#include "kernels/tiles.h"

#include <algorithm>

#include "kernels/avx2.h"

namespace soo {

#ifdef SOO_HAS_AVX2

namespace {

/** More rows at a time would not leave registers for the right side. */
constexpr int64_t kMostRows = 6;

/** value where `sign` is above 0, else value times leak */
SOO_AVX2 inline __m256 rectified(__m256 value, __m256 sign, __m256 leak) {
  return _mm256_blendv_ps(_mm256_mul_ps(value, leak), value, _mm256_cmp_ps(sign, _mm256_setzero_ps(), _CMP_GT_OQ));
}

// What is done with the sums of one register.

struct Rectify {
  const float* bias;
  float leak;
  SOO_AVX2 void operator()(__m256 sum, float* out, int64_t column) const {
    const __m256 value = _mm256_add_ps(sum, _mm256_loadu_ps(bias + column));
    _mm256_storeu_ps(out, rectified(value, value, _mm256_set1_ps(leak)));
  }
};

struct Unrectify {
  float leak;
  SOO_AVX2 void operator()(__m256 sum, float* out, int64_t) const {
    _mm256_storeu_ps(out, rectified(sum, _mm256_loadu_ps(out), _mm256_set1_ps(leak)));
  }
};

struct Add {
  SOO_AVX2 void operator()(__m256 sum, float* out, int64_t) const {
    _mm256_storeu_ps(out, _mm256_add_ps(_mm256_loadu_ps(out), sum));
  }
};

struct Task {
  Rows left, right;
  int64_t depth;
  float* out;
  int64_t stride;
  int64_t column;
};

/** `Count` rows of the result, `Registers` registers wide. */
template <bool Transposed, int Count, int Registers, class Finish>
SOO_AVX2 void multiply_tile(const Task& task, const Finish& finish) {
  __m256 sums[Count][Registers];
#pragma GCC unroll 8
  for (int row = 0; row < Count; ++row) {
#pragma GCC unroll 2
    for (int lane = 0; lane < Registers; ++lane) sums[row][lane] = _mm256_setzero_ps();
  }
  const float *left = task.left.data, *right = task.right.data;
  const int64_t across = task.left.stride, down = task.right.stride, depth = task.depth;
#pragma GCC unroll 4
  for (int64_t k = 0; k < depth; ++k, right += down) {
    __m256 values[Registers];
#pragma GCC unroll 2
    for (int lane = 0; lane < Registers; ++lane) values[lane] = _mm256_loadu_ps(right + lane * kLanes);
#pragma GCC unroll 8
    for (int row = 0; row < Count; ++row) {
      const __m256 factor = _mm256_broadcast_ss(Transposed ? left + k * across + row : left + row * across + k);
#pragma GCC unroll 2
      for (int lane = 0; lane < Registers; ++lane)
        sums[row][lane] = _mm256_fmadd_ps(factor, values[lane], sums[row][lane]);
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < Count; ++row) {
#pragma GCC unroll 2
    for (int lane = 0; lane < Registers; ++lane) {
      finish(sums[row][lane], task.out + row * task.stride + lane * kLanes, task.column + lane * kLanes);
    }
  }
}

template <bool Transposed, int Registers, class Finish>
void multiply_rows(int64_t count, const Task& task, const Finish& finish) {
  using Tile = void (*)(const Task&, const Finish&);
  static constexpr Tile kTiles[] = {
      multiply_tile<Transposed, 1, Registers, Finish>, multiply_tile<Transposed, 2, Registers, Finish>,
      multiply_tile<Transposed, 3, Registers, Finish>, multiply_tile<Transposed, 4, Registers, Finish>,
      multiply_tile<Transposed, 5, Registers, Finish>, multiply_tile<Transposed, 6, Registers, Finish>};
  kTiles[count - 1](task, finish);
}

template <bool Transposed, class Finish>
void multiply(Rows left, Rows right, const ProductSize& size, float* out, int64_t stride, const Finish& finish) {
  for (int64_t column = 0; column < size.columns; column += 2 * kLanes) {
    const bool wide = column + 2 * kLanes <= size.columns;
    for (int64_t row = 0; row < size.rows; row += kMostRows) {
      const float* from = left.data + (Transposed ? row : row * left.stride);
      const Task task{{from, left.stride},
                      {right.data + column, right.stride},
                      size.depth,
                      out + row * stride + column,
                      stride,
                      column};
      const int64_t count = std::min(kMostRows, size.rows - row);
      if (wide)
        multiply_rows<Transposed, 2>(count, task, finish);
      else
        multiply_rows<Transposed, 1>(count, task, finish);
    }
  }
}

/** Each register's sum. */
SOO_AVX2 inline __m128 sums_of(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m256 joined = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(joined), _mm256_extractf128_ps(joined, 1));
}

/** Of up to four rows; the last one stands in for those that are missing. */
SOO_AVX2 void multiply_quad(Rows x, int64_t count, const float* weight, int64_t depth, float bias, float* out,
                            int64_t stride) {
  const float* rows[4];
  for (int64_t i = 0; i < 4; ++i) rows[i] = x.data + std::min(i, count - 1) * x.stride;
  __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
  for (int64_t k = 0; k < depth; k += kLanes) {
    const __m256 value = _mm256_loadu_ps(weight + k);
    a = _mm256_fmadd_ps(_mm256_loadu_ps(rows[0] + k), value, a);
    b = _mm256_fmadd_ps(_mm256_loadu_ps(rows[1] + k), value, b);
    c = _mm256_fmadd_ps(_mm256_loadu_ps(rows[2] + k), value, c);
    d = _mm256_fmadd_ps(_mm256_loadu_ps(rows[3] + k), value, d);
  }
  float sums[4];
  _mm_storeu_ps(sums, sums_of(a, b, c, d));
  for (int64_t i = 0; i < count; ++i) out[i * stride] = sums[i] + bias;
}

template <int Registers>
SOO_AVX2 void add_sums(Rows x, int64_t rows, float* sums) {
  __m256 totals[Registers];
#pragma GCC unroll 4
  for (int lane = 0; lane < Registers; ++lane) totals[lane] = _mm256_loadu_ps(sums + lane * kLanes);
  for (int64_t row = 0; row < rows; ++row) {
#pragma GCC unroll 4
    for (int lane = 0; lane < Registers; ++lane) {
      totals[lane] = _mm256_add_ps(totals[lane], _mm256_loadu_ps(x.data + row * x.stride + lane * kLanes));
    }
  }
#pragma GCC unroll 4
  for (int lane = 0; lane < Registers; ++lane) _mm256_storeu_ps(sums + lane * kLanes, totals[lane]);
}

}  // namespace

bool has_tiles() { return has_avx2(); }

void multiply_rectified(Rows left, Rows right, ProductSize size, const float* bias, float leak, float* out,
                        int64_t stride) {
  multiply<false>(left, right, size, out, stride, Rectify{bias, leak});
}

void multiply_unrectified(Rows left, Rows right, ProductSize size, float leak, float* h, int64_t stride) {
  multiply<false>(left, right, size, h, stride, Unrectify{leak});
}

void multiply_transposed(Rows left, Rows right, ProductSize size, float* out, int64_t stride) {
  multiply<true>(left, right, size, out, stride, Add{});
}

void multiply_narrow(Rows x, Rows weights, int64_t rows, int64_t depth, int64_t outputs, const float* bias,
                     float* out) {
  for (int64_t row = 0; row < rows; row += 4) {
    for (int64_t o = 0; o < outputs; ++o) {
      multiply_quad({x.data + row * x.stride, x.stride}, std::min<int64_t>(4, rows - row),
                    weights.data + o * weights.stride, depth, bias == nullptr ? 0 : bias[o], out + row * outputs + o,
                    outputs);
    }
  }
}

void add_column_sums(Rows x, int64_t rows, int64_t columns, float* sums) {
  constexpr int kTogether = 4;
  int64_t column = 0;
  for (; column + kTogether * kLanes <= columns; column += kTogether * kLanes) {
    add_sums<kTogether>({x.data + column, x.stride}, rows, sums + column);
  }
  for (; column < columns; column += kLanes) add_sums<1>({x.data + column, x.stride}, rows, sums + column);
}

#else

bool has_tiles() { return false; }
void multiply_rectified(Rows, Rows, ProductSize, const float*, float, float*, int64_t) {}
void multiply_unrectified(Rows, Rows, ProductSize, float, float*, int64_t) {}
void multiply_transposed(Rows, Rows, ProductSize, float*, int64_t) {}
void multiply_narrow(Rows, Rows, int64_t, int64_t, int64_t, const float*, float*) {}
void add_column_sums(Rows, int64_t, int64_t, float*) {}

#endif

}  // namespace soo
