#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/stack.h>
#include <c10/util/SmallVector.h>

#include <vector>

#include "operators.h"

namespace soo {

/**
 * Undoes what an operator that fails has done to shapes: libtorch gives a tensor its new shape before it finds that the
 * memory cannot grow, as it is shared with another worker or a file's, and who reads it then reads beyond.
 */
class FixedShapes {
 public:
  FixedShapes(const Operator& op, const torch::jit::Stack& arguments);
  /** Makes every tensor that was to be written lie within its memory again. */
  void restore() const noexcept;

 private:
  struct Written {
    at::Tensor tensor;
    c10::DimVector sizes, strides;  // kept where the memory cannot grow
    int64_t offset = 0;
    bool fixed = false;
  };
  void add(const at::Tensor& tensor);

  std::vector<Written> written_;
};

}  // namespace soo
