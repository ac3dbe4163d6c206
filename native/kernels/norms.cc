#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <numeric>

#include "environment.h"
#include "kernels/panel-products.h"
#include "kernels/panels.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "kernels/scratch.h"
#include "kernels/threads.h"
#include "kernels/wide.h"
#include "values.h"

// Normalisation in one pass over memory: libtorch's takes several, and a call for each.

namespace soo {

namespace {

[[gnu::always_inline]] inline float number(float value) { return value; }

/** Written out: as a call it would not be made for several numbers at a time. */
[[gnu::always_inline]] inline float number(c10::BFloat16 value) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(value.x) << 16);
}

template <class T>
[[gnu::always_inline]] inline void divide(const T* x, int64_t size, const T* weight, float eps, float* out) {
  constexpr int64_t kLanes = 16;
  float sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += number(x[i + lane]) * number(x[i + lane]);
  }
  for (; i < size; ++i) sums[0] += number(x[i]) * number(x[i]);
  const float scale = 1 / std::sqrt(std::accumulate(sums, sums + kLanes, 0.0f) / static_cast<float>(size) + eps);
  for (i = 0; i < size; ++i) out[i] = number(x[i]) * scale * number(weight[i]);
}

SOO_WIDE void divide_by_rms(const float* x, int64_t size, const float* weight, float eps, float* out) {
  divide(x, size, weight, eps, out);
}

SOO_WIDE void divide_by_rms(const c10::BFloat16* x, int64_t size, const c10::BFloat16* weight, float eps, float* out) {
  divide(x, size, weight, eps, out);
}

/** Computed in float32, and rounded once. */
void normalise_rounded(const at::Tensor& rows, const at::Tensor& scales, float eps, const at::Tensor& output) {
  const int64_t size = rows.size(-1);
  const auto *from = rows.const_data_ptr<c10::BFloat16>(), *weights = scales.const_data_ptr<c10::BFloat16>();
  auto* to = output.mutable_data_ptr<c10::BFloat16>();
  on_threads(rows.numel() / size, [&](int64_t row) {
    Scratch scratch;
    float* wide = scratch.take(size);
    divide_by_rms(from + row * size, size, weights, eps, wide);
    round_sums({wide, size, 1, size, to + row * size, size});
  });
}

/**
 * rmsNorm(input [..., size], weight [size], eps): the same shape, without a graph; null for tensors of another kind
 * than float32, or bfloat16 of whole panels where the processor has AVX2
 */
Napi::Value rms_norm(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor input = self.tensors.get(to_double(self.env, info[0])),
                   weight = self.tensors.get(to_double(self.env, info[1]));
  const auto eps = static_cast<float>(to_double(self.env, info[2]));
  const bool rounds = input.scalar_type() == c10::kBFloat16;
  const c10::ScalarType dtype = rounds ? c10::kBFloat16 : c10::kFloat;
  if (input.dim() < 1 || !is_plain(input, dtype, input.dim()) || !is_plain(weight, dtype, 1)) return self.env.Null();
  const int64_t size = input.size(-1);
  if (weight.size(0) != size || (rounds && (size % kPanel != 0 || !has_panels()))) return self.env.Null();
  const at::AutoDispatchBelowADInplaceOrView below;
  const at::Tensor rows = input.contiguous(), scales = weight.contiguous();
  const at::Tensor output = at::empty_like(rows, at::MemoryFormat::Contiguous);
  if (output.numel() == 0) return from_tensor(self, output);
  if (rounds) {
    normalise_rounded(rows, scales, eps, output);
    return from_tensor(self, output);
  }
  on_threads(rows.numel() / size, [&, from = rows.const_data_ptr<float>(), weights = scales.const_data_ptr<float>(),
                                   to = output.mutable_data_ptr<float>()](int64_t row) {
    divide_by_rms(from + row * size, size, weights, eps, to + row * size);
  });
  return from_tensor(self, output);
}

const KernelFunctions kFunctions([](Napi::Object exports) { define<rms_norm>(exports, "rmsNorm"); });

}  // namespace

}  // namespace soo
