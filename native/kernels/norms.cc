#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <numeric>

#include "environment.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "kernels/threads.h"
#include "kernels/wide.h"
#include "values.h"

// Normalisation in one pass over memory: libtorch's takes several, and a call for each.

namespace soo {

namespace {

SOO_WIDE void divide_by_rms(const float* x, int64_t size, const float* weight, float eps, float* out) {
  constexpr int64_t kLanes = 16;
  float sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += x[i + lane] * x[i + lane];
  }
  for (; i < size; ++i) sums[0] += x[i] * x[i];
  const float scale = 1 / std::sqrt(std::accumulate(sums, sums + kLanes, 0.0f) / static_cast<float>(size) + eps);
  for (i = 0; i < size; ++i) out[i] = x[i] * scale * weight[i];
}

/** rmsNorm(input [..., size], weight [size], eps): the same shape, without a graph; null for tensors of another kind */
Napi::Value rms_norm(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor input = self.tensors.get(to_double(self.env, info[0])),
                   weight = self.tensors.get(to_double(self.env, info[1]));
  const auto eps = static_cast<float>(to_double(self.env, info[2]));
  if (input.dim() < 1 || !is_plain(input, c10::kFloat, input.dim()) || !is_plain(weight, c10::kFloat, 1))
    return self.env.Null();
  const int64_t size = input.size(-1);
  if (weight.size(0) != size) return self.env.Null();
  const at::AutoDispatchBelowADInplaceOrView below;
  const at::Tensor rows = input.contiguous(), scales = weight.contiguous();
  const at::Tensor output = at::empty_like(rows, at::MemoryFormat::Contiguous);
  if (output.numel() == 0) return from_tensor(self, output);
  on_threads(rows.numel() / size, [&, from = rows.const_data_ptr<float>(), weights = scales.const_data_ptr<float>(),
                                   to = output.mutable_data_ptr<float>()](int64_t row) {
    divide_by_rms(from + row * size, size, weights, eps, to + row * size);
  });
  return from_tensor(self, output);
}

const KernelFunctions kFunctions([](Napi::Object exports) { define<rms_norm>(exports, "rmsNorm"); });

}  // namespace

}  // namespace soo
