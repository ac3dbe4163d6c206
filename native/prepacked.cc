#include <ATen/TensorIterator.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "environment.h"
#include "panels.h"
#include "values.h"

// Frozen weights of linear layers, laid out for products with a few rows.

namespace soo {

namespace {

/** canPrepack(): whether this processor can compute with packed weights */
napi_value can_prepack(Environment&, napi_env env, size_t, napi_value*) { return from_bool(env, has_panels()); }

bool is_plain_float(const at::Tensor& tensor) {
  return tensor.layout() == c10::kStrided && tensor.is_cpu() && tensor.scalar_type() == c10::kFloat;
}

/** prepackLinear(weight [out, in]): panels [panels, in, 16], which linearPrepacked reads */
napi_value prepack_linear(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor weight = self.tensors.get(to_double(env, argv[0]));
  if (!is_plain_float(weight) || weight.dim() != 2 || weight.numel() == 0) {
    throw BadArgument("expected a float32 weight [out, in] on the processor, got " + describe(weight));
  }
  if (!has_panels()) throw std::runtime_error("this processor lacks AVX2 and FMA, with which packed weights are multiplied");
  const at::AutoDispatchBelowADInplaceOrView below;
  const int64_t out = weight.size(0), panels = (out + kPanel - 1) / kPanel;
  const at::Tensor whole = out % kPanel == 0 ? weight.detach() : at::constant_pad_nd(weight.detach(), {0, 0, 0, panels * kPanel - out});
  return from_tensor(self, whole.reshape({panels, kPanel, weight.size(1)}).transpose(1, 2).contiguous());
}

/** Calls `work` with every number below `count`, on libtorch's threads: only its compiled loops reach them. */
template <class Work>
void on_threads(int64_t count, const Work& work) {
  const at::Tensor numbers = at::arange(count, at::kLong), unused = at::empty_like(numbers);
  auto iterator = at::TensorIteratorConfig().add_output(unused).add_const_input(numbers).build();
  iterator.for_each([&](char** data, const int64_t* strides, int64_t size) {
    for (int64_t i = 0; i < size; ++i) work(*reinterpret_cast<const int64_t*>(data[1] + i * strides[1]));
  }, 1);
}

/** linearPrepacked(input [..., in], panels, out): input times the packed weight transposed, [..., out]; records no graph */
napi_value linear_prepacked(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor input = self.tensors.get(to_double(env, argv[0]));
  const at::Tensor panels = self.tensors.get(to_double(env, argv[1]));
  const int64_t out = to_int64(env, argv[2]);
  const bool packed = is_plain_float(panels) && panels.dim() == 3 && panels.size(2) == kPanel && panels.is_contiguous();
  if (!packed || !has_panels()) throw BadArgument("expected a packed weight, got " + describe(panels));
  if (out < 1 || (out + kPanel - 1) / kPanel != panels.size(0)) throw BadArgument("these panels do not hold a weight of " + std::to_string(out) + " outputs");
  const int64_t in = panels.size(1);
  if (!is_plain_float(input) || input.dim() < 1 || input.size(-1) != in) {
    throw BadArgument("expected a float32 input [..., " + std::to_string(in) + "], got " + describe(input));
  }
  const at::AutoDispatchBelowADInplaceOrView below;
  auto shape = input.sizes().vec();
  shape.back() = out;
  const at::Tensor output = at::empty(shape, input.options());
  const at::Tensor rows = input.contiguous();
  if (output.numel() > 0) {
    on_threads(panels.size(0), [&, from = rows.const_data_ptr<float>(), weights = panels.const_data_ptr<float>(), to = output.mutable_data_ptr<float>()](int64_t panel) {
      multiply_panel(from, rows.numel() / in, in, weights, panel, to, out);
    });
  }
  return from_tensor(self, output);
}

}  // namespace

void define_prepacked(napi_env env, napi_value exports) {
  define<can_prepack>(env, exports, "canPrepack");
  define<prepack_linear>(env, exports, "prepackLinear");
  define<linear_prepacked>(env, exports, "linearPrepacked");
}

}  // namespace soo
