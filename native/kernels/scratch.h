#pragma once

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace soo {

/** Memory for one call: libtorch's own, which begins at a cache line. */
class Scratch {
 public:
  float* take(int64_t count) {
    blocks_.push_back(c10::GetCPUAllocator()->allocate(static_cast<size_t>(count) * sizeof(float)));
    return static_cast<float*>(blocks_.back().get());
  }

  float* zeros(int64_t count) {
    float* values = take(count);
    std::fill_n(values, count, 0.0f);
    return values;
  }

 private:
  std::vector<c10::DataPtr> blocks_;
};

}  // namespace soo
