#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/custom_function.h>

#include "environment.h"
#include "kernels/panel-rows.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "out-of-memory.h"
#include "values.h"

// The product with a weight that is not trained, and its gradient, some panels of the weight laid out at a time: with
// 150 rows libtorch's takes 1.1 times as long, as it lays out both sides in ways that suit any shape. Of bfloat16 it is
// made only where its sums are wanted as they are, in float32.

namespace soo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** With fewer rows laying panels out takes longer than it saves. */
constexpr int64_t kLeastRows = 64;
/** With more inputs so few rows are laid out at a time that panels are, again and again. */
constexpr int64_t kMostInputs = 8192;

/** Panels of a weight [out, in] are laid out as they are asked for. */
at::Tensor frozen_product(const at::Tensor& input, const at::Tensor& weight) {
  const at::AutoDispatchBelowADInplaceOrView below;
  const int64_t in_word = weight.scalar_type() == c10::kFloat ? 1 : 2;
  const auto words = [in_word](int64_t stride) { return stride == 1 ? 1 : stride / in_word; };
  const Weight from{static_cast<const float*>(weight.const_data_ptr()), weight.size(0), weight.size(1) / in_word,
                    words(weight.stride(0)), words(weight.stride(1))};
  return multiply_rows(
      input, from.out, c10::kFloat, kRowsOfLaidWeights, [&from](int64_t first, int64_t count, Scratch& scratch) {
        float* laid = scratch.take(count * from.words * kPanel);
        lay_panels(from, first, count, laid);
        // Where rows of the weight lie end to end, the next panels' come after these.
        const int64_t next = (first + count) * kPanel;
        return Panels{first, count, laid, from.words * kPanel,
                      from.word_stride == 1 && next < from.out ? from.data + next * from.out_stride : laid};
      });
}

struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight) {
    context->save_for_backward({weight});
    return frozen_product(input, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const at::Tensor weight = context->get_saved_variables()[0];
    const bool rounds = weight.scalar_type() != c10::kFloat;
    // So that there can be a gradient of the gradient.
    const bool other = at::GradMode::is_enabled() || weight.size(0) > kMostInputs || rounds;
    const at::Tensor grad = rounds ? grads[0].to(weight.scalar_type()) : grads[0];
    return {other ? at::matmul(grad, weight) : frozen_product(grad, weight.t()), at::Tensor()};
  }
};

bool is_weight(const at::Tensor& weight) {
  return is_plain(weight, c10::kFloat, 2) && !weight.requires_grad() && weight.numel() > 0 &&
         (weight.stride(0) == 1 || weight.stride(1) == 1);
}

bool has_rows(const at::Tensor& input, int64_t in) {
  return input.dim() >= 1 && is_plain(input, c10::kFloat, input.dim()) && input.size(-1) == in && in <= kMostInputs &&
         input.numel() >= kLeastRows * in;
}

at::Tensor product_of(const at::Tensor& input, const at::Tensor& weight) {
  const bool records = at::GradMode::is_enabled() && input.requires_grad();
  return records ? FrozenLinear::apply(input, weight) : frozen_product(input, weight);
}

/** frozenLinear(input [..., in], weight [out, in]): [..., out]; null where another way is meant or faster */
Napi::Value frozen_linear(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor input = self.tensors.get(to_double(self.env, info[0])),
                   weight = self.tensors.get(to_double(self.env, info[1]));
  if (!has_panels() || !is_weight(weight) || !has_rows(input, weight.size(1))) return self.env.Null();
  return from_tensor(self, with_room(self, [&] { return product_of(input, weight); }));
}

/** Rows of which words are whole, and begin where words do. */
bool has_pairs(const at::Tensor& weight) {
  return is_plain(weight, c10::kBFloat16, 2) && weight.numel() > 0 && weight.stride(1) == 1 &&
         weight.size(1) % 2 == 0 && weight.stride(0) % 2 == 0 && weight.storage_offset() % 2 == 0;
}

/** wideLinear(input [..., in], weight [out, in], both bfloat16): [..., out] in float32; null where another way is meant
 */
Napi::Value wide_linear(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor input = self.tensors.get(to_double(self.env, info[0])),
                   weight = self.tensors.get(to_double(self.env, info[1]));
  const bool fits = has_panels() && has_pairs(weight) && !weight.requires_grad() && input.dim() >= 1 &&
                    is_plain(input, c10::kBFloat16, input.dim()) && input.size(-1) == weight.size(1);
  if (!fits) return self.env.Null();
  return from_tensor(self, with_room(self, [&] { return product_of(input, weight); }));
}

const KernelFunctions kFunctions([](Napi::Object exports) {
  define<frozen_linear>(exports, "frozenLinear");
  define<wide_linear>(exports, "wideLinear");
});

}  // namespace

}  // namespace soo
