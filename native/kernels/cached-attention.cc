#include "kernels/cached-attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/avx2.h"
#include "kernels/softmax.h"

namespace soo {

#ifdef SOO_HAS_AVX2

namespace {

/** Keys whose products with a query are summed side by side. */
constexpr int64_t kKeys = 4;

SOO_AVX2 inline __m256 numbers_at(const float* from) { return _mm256_loadu_ps(from); }

SOO_AVX2 inline __m256 numbers_at(const c10::BFloat16* from) {
  const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

/** The sums of four registers. */
SOO_AVX2 inline __m128 sums_of(const __m256 (&x)[kKeys]) {
  const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(x[0], x[1]), _mm256_hadd_ps(x[2], x[3]));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

/** Asks for vectors that are read soon: each is read once, so that it comes from memory, of which a new place is slow.
 */
template <class T>
SOO_AVX2 inline void fetch(const Vectors<T>& vectors, int64_t first, int64_t end, int64_t size) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (int64_t at = first; at < end; ++at) {
    for (int64_t i = 0; i < size; i += kLine)
      _mm_prefetch(reinterpret_cast<const char*>(vectors.data + at * vectors.stride + i), _MM_HINT_T1);
  }
}

/** scores[query, position] = query · key * scale, for `Queries` neighbours; rows of scores are `width` apart. */
template <int Queries, class T>
SOO_AVX2 void multiply_keys(const QueryGroup<T>& group, int64_t query, int64_t first, float scale, float* scores,
                            int64_t width) {
  const float* queries = group.queries.data + query * group.queries.stride;
  for (int64_t position = first; position < group.positions; position += kKeys) {
    const T* keys[kKeys];
    for (int64_t k = 0; k < kKeys; ++k)
      keys[k] = group.keys.data + std::min(position + k, group.positions - 1) * group.keys.stride;
    if (query == 0) fetch(group.next_keys, position, std::min(position + kKeys, group.positions), group.size);
    __m256 sums[Queries][kKeys];
#pragma GCC unroll 8
    for (int q = 0; q < Queries; ++q)
#pragma GCC unroll 8
      for (int k = 0; k < kKeys; ++k) sums[q][k] = _mm256_setzero_ps();
    for (int64_t i = 0; i < group.size; i += kLanes) {
#pragma GCC unroll 8
      for (int k = 0; k < kKeys; ++k) {
        const __m256 key = numbers_at(keys[k] + i);
#pragma GCC unroll 8
        for (int q = 0; q < Queries; ++q) {
          sums[q][k] = _mm256_fmadd_ps(_mm256_loadu_ps(queries + q * group.queries.stride + i), key, sums[q][k]);
        }
      }
    }
#pragma GCC unroll 8
    for (int q = 0; q < Queries; ++q) {
      _mm_storeu_ps(scores + q * width + position - first, _mm_mul_ps(sums_of(sums[q]), _mm_set1_ps(scale)));
    }
  }
}

/** out[query] = sum over positions of weight[query] * value, for `Registers` registers of a value's numbers from `at`
 * on. */
template <int Queries, int Registers, class T>
SOO_AVX2 void mix_values(const QueryGroup<T>& group, int64_t first, const float* weights, int64_t width, int64_t at,
                         bool fetches, float* out) {
  const T* value = group.values.data + first * group.values.stride + at;
  __m256 sums[Queries][Registers];
#pragma GCC unroll 8
  for (int q = 0; q < Queries; ++q)
#pragma GCC unroll 8
    for (int r = 0; r < Registers; ++r) sums[q][r] = _mm256_setzero_ps();
  for (int64_t position = first; position < group.positions; ++position, ++weights, value += group.values.stride) {
    if (fetches) fetch(group.next_values, position, position + 1, group.size);
#pragma GCC unroll 8
    for (int r = 0; r < Registers; ++r) {
      const __m256 numbers = numbers_at(value + r * kLanes);
#pragma GCC unroll 8
      for (int q = 0; q < Queries; ++q)
        sums[q][r] = _mm256_fmadd_ps(_mm256_broadcast_ss(weights + q * width), numbers, sums[q][r]);
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Queries; ++q)
#pragma GCC unroll 8
    for (int r = 0; r < Registers; ++r) _mm256_storeu_ps(out + q * group.size + at + r * kLanes, sums[q][r]);
}

/** Attention of `Queries` neighbours from `query` on; `scores` has room for them. */
template <int Queries, class T>
SOO_AVX2 void attend_together(const QueryGroup<T>& group, int64_t query, int64_t first, float* scores, float* out) {
  const int64_t seen = group.positions - first, width = whole_lanes(seen);
  multiply_keys<Queries>(group, query, first, 1 / std::sqrt(static_cast<float>(group.size)), scores, width);
  for (int q = 0; q < Queries; ++q) {
    float* its = scores + q * width;
    std::fill(its + seen, its + width, -std::numeric_limits<float>::infinity());
    for (int64_t i = 0; group.mask && i < seen; ++i) {
      if (!group.mask[(first + i) * group.mask_stride]) its[i] = -std::numeric_limits<float>::infinity();
    }
    to_weights(its, width);
  }
  constexpr int kRegisters = 4;
  int64_t at = 0;
  for (; at + kRegisters * kLanes <= group.size; at += kRegisters * kLanes)
    mix_values<Queries, kRegisters>(group, first, scores, width, at, query == 0 && at == 0, out);
  for (; at < group.size; at += kLanes)
    mix_values<Queries, 1>(group, first, scores, width, at, query == 0 && at == 0, out);
}

/** More queries at a time would not leave registers for keys and values. */
constexpr int64_t kMostQueries = 3;

template <class T>
void attend_all(const QueryGroup<T>& group, float* out) {
  using Attend = void (*)(const QueryGroup<T>&, int64_t, int64_t, float*, float*);
  constexpr Attend kAttend[kMostQueries] = {attend_together<1, T>, attend_together<2, T>, attend_together<3, T>};
  int64_t first = 0;
  while (first < group.positions && group.mask && !group.mask[first * group.mask_stride]) ++first;
  if (first == group.positions) {
    std::fill_n(out, group.count * group.size, 0.0f);
    return;
  }
  std::vector<float> scores(kMostQueries * whole_lanes(group.positions - first));
  for (int64_t query = 0; query < group.count; query += kMostQueries) {
    const int64_t together = std::min(kMostQueries, group.count - query);
    kAttend[together - 1](group, query, first, scores.data(), out + query * group.size);
  }
}

}  // namespace

bool has_cached_attention() { return has_avx2(); }

void attend(const QueryGroup<float>& group, float* out) { attend_all(group, out); }
void attend(const QueryGroup<c10::BFloat16>& group, float* out) { attend_all(group, out); }

#else

bool has_cached_attention() { return false; }

void attend(const QueryGroup<float>&, float*) {}
void attend(const QueryGroup<c10::BFloat16>&, float*) {}

#endif

}  // namespace soo
