#include "kernels/prompt-attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/panels.h"
#include "kernels/softmax.h"

namespace soo {

#ifdef SOO_HAS_AVX2

namespace {

/** Rows of queries that are multiplied at a time: enough for panels to pay, few enough to leave much unlooked at. */
constexpr int64_t kRowsTogether = 112;

constexpr int64_t whole_panels(int64_t count) { return (count + kPanel - 1) / kPanel; }

/** Queries of every head from `first` on, and the panels of positions that some of them look at. */
struct Piece {
  int64_t first, count, first_panel, panels;
};

/** Where the first and one after the last position lie that a query may look at; both 0 where there is none. */
struct Seen {
  int64_t begin, end;
};

Seen seen_by(const Prompt& prompt, int64_t query) {
  if (!prompt.mask) return {0, prompt.positions - prompt.count + query + 1};
  const bool* row = prompt.mask + query * prompt.mask_stride;
  const bool* end = row + prompt.positions;
  const bool* begin = std::find(row, end, true);
  if (begin == end) return {0, 0};
  while (!end[-1]) --end;
  return {begin - row, end - row};
}

Piece piece_at(const Prompt& prompt, int64_t first, int64_t count) {
  int64_t begin = prompt.positions, end = 0;
  for (int64_t query = first; query < first + count; ++query) {
    const Seen seen = seen_by(prompt, query);
    if (seen.end == 0) continue;
    begin = std::min(begin, seen.begin);
    end = std::max(end, seen.end);
  }
  if (end == 0) return {first, count, 0, 0};
  return {first, count, begin / kPanel, whole_panels(end) - begin / kPanel};
}

/** -infinity where a query may not look; `scores` are those of a piece's positions, `width` of them. */
SOO_AVX2 void hide(const Prompt& prompt, const Piece& piece, int64_t query, float* scores, int64_t width) {
  const float none = -std::numeric_limits<float>::infinity();
  const int64_t start = piece.first_panel * kPanel, present = std::min(width, prompt.positions - start);
  if (!prompt.mask) {
    const int64_t seen = seen_by(prompt, query).end - start;
    return std::fill(scores + std::clamp<int64_t>(seen, 0, width), scores + width, none);
  }
  const bool* mask = prompt.mask + query * prompt.mask_stride + start;
  int64_t i = 0;
  for (; i + kLanes <= present; i += kLanes) {
    const __m256i seen = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(mask + i)));
    const __m256 hidden = _mm256_castsi256_ps(_mm256_cmpeq_epi32(seen, _mm256_setzero_si256()));
    _mm256_storeu_ps(scores + i, _mm256_blendv_ps(_mm256_loadu_ps(scores + i), _mm256_set1_ps(none), hidden));
  }
  for (; i < present; ++i) {
    if (!mask[i]) scores[i] = none;
  }
  std::fill(scores + present, scores + width, none);
}

/** Multiplies rows [rows, words] with panels `stride` apart: output [rows, out]. */
void multiply(const float* rows, int64_t count, int64_t words, const float* panels, int64_t stride, float* laid,
              float* output, int64_t out) {
  const RowBlocks blocks = row_blocks(Numbers::kFloat, count, words);
  for (int64_t block = 0; block < blocks.count; ++block) lay_block(rows, blocks, block, laid);
  const int64_t all = whole_panels(out), together = panels_together(Numbers::kFloat);
  for (int64_t at = 0; at < all; at += together) {
    const float* its = panels + at * stride;
    multiply_panels(laid, blocks, {at, std::min(together, all - at), its, stride, its}, {output, nullptr, out});
  }
}

/** Keys or values laid out, and memory for a piece. */
struct Room {
  const float *keys, *values;
  float *queries, *laid, *scores, *mixed;
};

Room room_for(const Prompt& prompt, int64_t rows, Scratch& scratch) {
  const auto& [queries, heads, count, query_stride, head_stride, keys, values, positions, size, mask, stride] = prompt;
  const int64_t panels = whole_panels(positions), width = panels * kPanel;
  float* key_panels = scratch.take(panels * size * kPanel);
  lay_panels({keys.data, positions, size, keys.stride, 1}, 0, panels, key_panels);
  // Words behind the last position meet weights of 0, and so have to be numbers.
  float* value_panels = scratch.zeros(whole_panels(size) * width * kPanel);
  for (int64_t at = 0; at < whole_panels(size); ++at)
    lay_panels({values.data, size, positions, 1, values.stride}, at, 1, value_panels + at * width * kPanel);
  return {key_panels,
          value_panels,
          scratch.take(rows * size),
          scratch.take(rows * std::max(width, size)),
          scratch.take(rows * width),
          scratch.take(rows * size)};
}

void attend_piece(const Prompt& prompt, const Piece& piece, const Room& room, float* out) {
  const int64_t size = prompt.size, width = piece.panels * kPanel, rows = prompt.heads * piece.count;
  const float scale = 1 / std::sqrt(static_cast<float>(size));
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t head = row / piece.count, query = piece.first + row % piece.count;
    const float* from = prompt.queries + head * prompt.head_stride + query * prompt.query_stride;
    for (int64_t i = 0; i < size; ++i) room.queries[row * size + i] = from[i] * scale;
  }
  const int64_t key_stride = size * kPanel, value_stride = whole_panels(prompt.positions) * kPanel * kPanel;
  multiply(room.queries, rows, size, room.keys + piece.first_panel * key_stride, key_stride, room.laid, room.scores,
           width);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t query = piece.first + row % piece.count;
    float* scores = room.scores + row * width;
    if (seen_by(prompt, query).end == 0) {
      std::fill_n(scores, width, 0.0f);
      continue;
    }
    hide(prompt, piece, query, scores, width);
    to_weights(scores, width);
  }
  multiply(room.scores, rows, width, room.values + piece.first_panel * kPanel * kPanel, value_stride, room.laid,
           room.mixed, size);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t head = row / piece.count, query = piece.first + row % piece.count;
    std::copy_n(room.mixed + row * size, size, out + (head * prompt.count + query) * size);
  }
}

}  // namespace

void attend_prompt(const Prompt& prompt, Scratch& scratch, float* out) {
  const int64_t most = std::max<int64_t>(1, kRowsTogether / prompt.heads);
  const Room room = room_for(prompt, most * prompt.heads, scratch);
  for (int64_t first = 0; first < prompt.count; first += most) {
    const Piece piece = piece_at(prompt, first, std::min(most, prompt.count - first));
    if (piece.panels > 0) {
      attend_piece(prompt, piece, room, out);
      continue;
    }
    for (int64_t head = 0; head < prompt.heads; ++head)
      std::fill_n(out + (head * prompt.count + first) * prompt.size, piece.count * prompt.size, 0.0f);
  }
}

#else

void attend_prompt(const Prompt&, Scratch&, float*) {}

#endif

}  // namespace soo
