#pragma once

#include <cstdint>

namespace soo {

/** Where the parameters of a small network lie in the one tensor that holds them, in the order of the layers. */
struct PerceptronLayout {
  PerceptronLayout(int64_t columns, int64_t hidden, int64_t outputs)
      : columns(columns),
        hidden(hidden),
        outputs(outputs),
        beta(columns),
        w1(beta + columns),
        b1(w1 + hidden * columns),
        w2(b1 + hidden),
        b2(w2 + hidden * hidden),
        w3(b2 + hidden),
        b3(w3 + outputs * hidden),
        end(b3 + outputs) {}

  int64_t columns, hidden, outputs;
  int64_t gamma = 0, beta, w1, b1, w2, b2, w3, b3, end;
};

/**
 * Finishes a gradient in which the first weight's is as if the centred input were what it is multiplied by: its own and
 * those of gamma and beta follow from it, without the gradient of the input, and so with one product less.
 */
inline void before_scaling(const float* values, const PerceptronLayout& layout, float* sums) {
  for (int64_t h = 0; h < layout.hidden; ++h) {
    const float bias = sums[layout.b1 + h];
    for (int64_t j = 0; j < layout.columns; ++j) {
      const int64_t place = layout.w1 + h * layout.columns + j;
      sums[layout.gamma + j] += values[place] * sums[place];
      sums[layout.beta + j] += values[place] * bias;
      sums[place] = sums[place] * values[layout.gamma + j] + bias * values[layout.beta + j];
    }
  }
}

}  // namespace soo
