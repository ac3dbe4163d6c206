#include <cmath>

#include "environment.h"
#include "fields.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "kernels/wide.h"
#include "values.h"

// A step of Adam with its gradient clipped. After a large product libtorch's operators are out of the caches: for 6,000
// parameters those of a step take 90 µs there, and this takes 20 (docs/log/agents.md).

namespace soo {

namespace {

struct AdamOptions {
  double step, lr, beta1, beta2, eps;
};

/** Euclidean; several sums side by side fill a register. */
SOO_WIDE double norm_of(const float* values, int64_t count) {
  constexpr int64_t kSums = 8;
  double sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= count; i += kSums) {
    for (int64_t k = 0; k < kSums; ++k) sums[k] += static_cast<double>(values[i + k]) * values[i + k];
  }
  for (; i < count; ++i) sums[0] += static_cast<double>(values[i]) * values[i];
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

/** Kingma and Ba 2014, algorithm 1, with the gradient scaled in place. */
SOO_WIDE void move(float* __restrict parameters, float* __restrict gradient, float* __restrict first,
                   float* __restrict second, int64_t count, float factor, const AdamOptions& options) {
  const float fresh1 = static_cast<float>(1 - options.beta1), fresh2 = static_cast<float>(1 - options.beta2);
  const float beta2 = static_cast<float>(options.beta2), eps = static_cast<float>(options.eps);
  const float size = static_cast<float>(options.lr / (1 - std::pow(options.beta1, options.step)));
  const float correction = static_cast<float>(std::sqrt(1 - std::pow(options.beta2, options.step)));
  for (int64_t i = 0; i < count; ++i) {
    // std::sqrt would be called: it is not inlined into code for other registers.
    const float slope = gradient[i] *= factor;
    first[i] += fresh1 * (slope - first[i]);
    second[i] = beta2 * second[i] + fresh2 * slope * slope;
    parameters[i] -= size * (first[i] / (__builtin_sqrtf(second[i]) / correction + eps));
  }
}

/**
 * clippedAdamStep(parameters, gradient, first moments, second moments, { step counted from 1, lr, beta1, beta2, eps,
 * maxNorm }): the norm of the gradient, which is scaled down to `maxNorm` where it is above; null where a tensor is no
 * float32 vector, or one of inference mode
 */
Napi::Value clipped_adam_step(Environment& self, const Napi::CallbackInfo& info) {
  at::Tensor tensors[4];
  for (size_t i = 0; i < 4; ++i) {
    tensors[i] = self.tensors.get(to_double(self.env, info[i]));
    if (!is_plain(tensors[i], c10::kFloat, 1) || !tensors[i].is_contiguous() || tensors[i].is_inference())
      return self.env.Null();
  }
  const auto& [parameters, gradient, first, second] = tensors;
  const int64_t count = parameters.numel();
  for (const at::Tensor& tensor : tensors) {
    if (tensor.numel() != count)
      throw BadArgument("expected " + std::to_string(count) + " numbers, got " + describe(tensor));
  }
  const Fields fields(info[4]);
  const AdamOptions options{fields.number("step"), fields.number("lr"), fields.number("beta1"), fields.number("beta2"),
                            fields.number("eps")};
  const double norm = norm_of(gradient.const_data_ptr<float>(), count);
  const double factor = fields.number("maxNorm") / (norm + 1e-6);
  // A factor that is no number spreads, as in clip_grad_norm_.
  move(parameters.mutable_data_ptr<float>(), gradient.mutable_data_ptr<float>(), first.mutable_data_ptr<float>(),
       second.mutable_data_ptr<float>(), count, factor >= 1 ? 1.0f : static_cast<float>(factor), options);
  for (const at::Tensor& moved : tensors) moved.unsafeGetTensorImpl()->bump_version();
  return Napi::Number::New(self.env, norm);
}

const KernelFunctions kFunctions([](Napi::Object exports) { define<clipped_adam_step>(exports, "clippedAdamStep"); });

}  // namespace

}  // namespace soo
