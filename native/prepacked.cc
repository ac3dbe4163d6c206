#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>

#include "environment.h"
#include "values.h"

// Frozen weights of linear layers in oneDNN's own layout. libtorch's operators for it lie outside of `aten`.

namespace soo {

namespace {

std::optional<c10::OperatorHandle> find_operator(const char* name) {
  return c10::Dispatcher::singleton().findSchema({name, ""});
}

const c10::OperatorHandle& operator_named(const char* name, const std::optional<c10::OperatorHandle>& found) {
  if (!found.has_value()) throw std::runtime_error(std::string("this libtorch was built without oneDNN: it has no ") + name);
  return *found;
}

/** canPrepack(): whether this libtorch has oneDNN's linear layers */
napi_value can_prepack(Environment&, napi_env env, size_t, napi_value*) {
  return from_bool(env, find_operator("mkldnn::_reorder_linear_weight") && find_operator("mkldnn::_linear_pointwise"));
}

bool is_plain_float(const at::Tensor& tensor) {
  return tensor.layout() == c10::kStrided && tensor.is_cpu() && tensor.scalar_type() == c10::kFloat;
}

/** prepackLinear(weight [out, in], rows): a handle that only `linearPrepacked` reads; made for inputs of that many rows */
napi_value prepack_linear(Environment& self, napi_env env, size_t, napi_value* argv) {
  static const auto found = find_operator("mkldnn::_reorder_linear_weight");
  const at::Tensor weight = self.tensors.get(to_double(env, argv[0]));
  const int64_t rows = to_int64(env, argv[1]);
  if (!is_plain_float(weight) || weight.dim() != 2 || weight.numel() == 0) {
    throw BadArgument("expected a float32 weight [out, in] on the processor, got " + describe(weight));
  }
  if (rows < 1 || rows > (int64_t{1} << 31)) throw BadArgument("expected rows from 1 to 2^31, got " + std::to_string(rows));
  const at::AutoDispatchBelowADInplaceOrView below;
  torch::jit::Stack stack{weight.detach().contiguous(), rows};
  operator_named("mkldnn::_reorder_linear_weight", found).callBoxed(stack);
  return from_tensor(self, stack[0].toTensor());
}

/** linearPrepacked(input [..., in], packed): input times the packed weight transposed, [..., out]; records no graph */
napi_value linear_prepacked(Environment& self, napi_env env, size_t, napi_value* argv) {
  static const auto found = find_operator("mkldnn::_linear_pointwise");
  const at::Tensor input = self.tensors.get(to_double(env, argv[0]));
  const at::Tensor packed = self.tensors.get(to_double(env, argv[1]));
  if (!packed.is_mkldnn() || packed.dim() != 2) throw BadArgument("expected a packed weight, got " + describe(packed));
  if (!is_plain_float(input) || input.dim() < 1 || input.size(-1) != packed.size(1)) {
    throw BadArgument("expected a float32 input [..., " + std::to_string(packed.size(1)) + "], got " + describe(input));
  }
  const at::AutoDispatchBelowADInplaceOrView below;
  if (input.numel() == 0) {
    auto shape = input.sizes().vec();
    shape.back() = packed.size(0);
    return from_tensor(self, at::empty(shape, input.options()));
  }
  const c10::List<std::optional<c10::Scalar>> no_scalars;
  torch::jit::Stack stack{input.contiguous(), packed, c10::IValue(), std::string("none"), no_scalars, std::string()};
  operator_named("mkldnn::_linear_pointwise", found).callBoxed(stack);
  return from_tensor(self, stack[0].toTensor());
}

}  // namespace

void define_prepacked(napi_env env, napi_value exports) {
  define<can_prepack>(env, exports, "canPrepack");
  define<prepack_linear>(env, exports, "prepackLinear");
  define<linear_prepacked>(env, exports, "linearPrepacked");
}

}  // namespace soo
