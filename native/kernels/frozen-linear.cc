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

// The product with a weight that is not trained, and its gradient, a panel of the weight laid out at a time: with 150
// rows libtorch's takes 1.1 times as long, as it lays out both sides in ways that suit any shape.

namespace soo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** With fewer rows laying panels out takes longer than it saves. */
constexpr int64_t kLeastRows = 64;
/** With more inputs so few rows are laid out at a time that panels are, again and again. */
constexpr int64_t kMostInputs = kLaid / kLeastRows;

at::Tensor frozen_product(const at::Tensor& input, const at::Tensor& weight) {
  const at::AutoDispatchBelowADInplaceOrView below;
  const Weight from{weight.const_data_ptr<float>(), weight.size(0), weight.size(1), weight.stride(0), weight.stride(1)};
  return multiply_rows(input, from.out, [&from](int64_t panel, Scratch& scratch) {
    float* laid = scratch.take(from.in * kPanel);
    lay_panel(from, panel, laid);
    // Where rows of the weight lie end to end, the next panel's come after this one's.
    return Panel{laid, from.in_stride == 1 && (panel + 1) * kPanel < from.out
                           ? from.data + (panel + 1) * kPanel * from.out_stride
                           : laid};
  });
}

struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight) {
    context->save_for_backward({weight});
    return frozen_product(input, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const at::Tensor weight = context->get_saved_variables()[0];
    // So that there can be a gradient of the gradient.
    const bool other = at::GradMode::is_enabled() || weight.size(0) > kMostInputs;
    return {other ? at::matmul(grads[0], weight) : frozen_product(grads[0], weight.t()), at::Tensor()};
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

/** frozenLinear(input [..., in], weight [out, in]): [..., out]; null where another way is meant or faster */
Napi::Value frozen_linear(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor input = self.tensors.get(to_double(self.env, info[0])),
                   weight = self.tensors.get(to_double(self.env, info[1]));
  if (!has_panels() || !is_weight(weight) || !has_rows(input, weight.size(1))) return self.env.Null();
  const bool records = at::GradMode::is_enabled() && input.requires_grad();
  return from_tensor(self, with_room(self, [&] {
                       return records ? FrozenLinear::apply(input, weight) : frozen_product(input, weight);
                     }));
}

const KernelFunctions kFunctions([](Napi::Object exports) { define<frozen_linear>(exports, "frozenLinear"); });

}  // namespace

}  // namespace soo
