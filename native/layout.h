#pragma once

#include <ATen/core/Tensor.h>

namespace soo {

/** Whether the numbers of two tensors of one shape lie in the same order: a dimension of size 1 has no step. */
inline bool lie_alike(const at::Tensor& a, const at::Tensor& b) {
  if (a.layout() != c10::kStrided || b.layout() != c10::kStrided || !a.sizes().equals(b.sizes())) return false;
  for (int64_t dim = 0; dim < a.dim(); ++dim) {
    if (a.size(dim) > 1 && a.stride(dim) != b.stride(dim)) return false;
  }
  return true;
}

}  // namespace soo
