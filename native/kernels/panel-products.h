#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

// The innermost loops of panels.h, for each kind of number and processor.

namespace soo {

/** A block of rows times one panel or two, or what comes of some of their words. */
struct PanelProduct {
  /** [words, rows] */
  const float* block;
  int64_t words;
  /** [words, kPanel], and the one after it `panel_stride` further on. */
  const float* panel;
  int64_t panel_stride;
  /** Sums in float32, rows `stride` apart. */
  float* output;
  int64_t stride;
  /** Whether `output` holds the sums of words before these. */
  bool adds;
  /** Weights that are needed next, and come from memory: a line of them for each panel is asked for with every `every`
   * words. */
  const float* ahead;
  int64_t every;
};

/** Loops for the processor that this is. */
struct PanelLoops {
  /** A block's rows and panels at most: more would not leave registers for the weights. */
  int64_t rows, panels;
  /** [panels - 1][rows - 1] */
  void (*const* multiply)(const PanelProduct&);

  void operator()(int64_t its_rows, int64_t its_panels, const PanelProduct& product) const {
    multiply[(its_panels - 1) * rows + its_rows - 1](product);
  }
};

/** Rows of sums, and the rows of bfloat16 that they are rounded to, to the nearest with halves to even. */
struct Rounding {
  const float* from;
  int64_t from_stride, rows;
  /** A multiple of kPanel. */
  int64_t width;
  c10::BFloat16* to;
  int64_t to_stride;
};

void round_sums(const Rounding& rounding);

/** Words are float32. */
PanelLoops float_loops();

/** Words are two bfloat16, of two inputs after each other; sums of bfloat16 products, which float32 holds exactly. */
PanelLoops bfloat16_loops();

}  // namespace soo
