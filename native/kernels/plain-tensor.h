#pragma once

#include <ATen/core/Tensor.h>

namespace soo {

/** Whether the numbers lie in this process's memory as they are. */
inline bool is_plain(const at::Tensor& tensor, c10::ScalarType dtype, int64_t dim) {
  return tensor.defined() && tensor.layout() == c10::kStrided && tensor.is_cpu() && tensor.scalar_type() == dtype &&
         tensor.dim() == dim && !tensor.is_neg() && !tensor._is_zerotensor();
}

}  // namespace soo
