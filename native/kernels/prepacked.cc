#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>

#include "environment.h"
#include "kernels/instructions.h"
#include "kernels/pages.h"
#include "kernels/panel-rows.h"
#include "kernels/panels.h"
#include "kernels/registry.h"
#include "out-of-memory.h"
#include "values.h"

// Frozen weights of linear layers, laid out for products with a few rows.

namespace soo {

namespace {

/** canPrepack(): whether this processor can compute with packed weights */
Napi::Value can_prepack(Environment& self, const Napi::CallbackInfo&) {
  return Napi::Boolean::New(self.env, has_panels());
}

/** Half a megabyte, which leaves room for panels in a core's own cache. */
constexpr LaidRows kNear{1 << 17, 96};

bool has_numbers(const at::Tensor& tensor) {
  return tensor.layout() == c10::kStrided && tensor.is_cpu() &&
         (tensor.scalar_type() == c10::kFloat || tensor.scalar_type() == c10::kBFloat16);
}

int64_t words_of(const at::Tensor& tensor, int64_t inputs) {
  return tensor.scalar_type() == c10::kFloat ? inputs : inputs / 2;
}

/** multipliesTiles(): whether libtorch multiplies bfloat16 with tiles, which are faster than panels with many rows */
Napi::Value multiplies_tiles(Environment& self, const Napi::CallbackInfo&) {
  return Napi::Boolean::New(self.env, has_amx_bfloat16());
}

/** prepackLinear(weight [out, in]): panels [panels, in, 16] in its dtype, which linearPrepacked reads */
Napi::Value prepack_linear(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor weight = self.tensors.get(to_double(self.env, info[0]));
  if (!has_numbers(weight) || weight.dim() != 2 || weight.numel() == 0) {
    throw BadArgument("expected a float32 or bfloat16 weight [out, in] on the processor, got " + describe(weight));
  }
  if (weight.scalar_type() == c10::kBFloat16 && weight.size(1) % 2 != 0)
    throw BadArgument("expected an even number of inputs of a bfloat16 weight, got " + describe(weight));
  if (!has_panels())
    throw std::runtime_error("this processor lacks AVX2 and FMA, with which packed weights are multiplied");
  const at::AutoDispatchBelowADInplaceOrView below;
  const int64_t out = weight.size(0), in = weight.size(1), count = (out + kPanel - 1) / kPanel;
  const int64_t words = words_of(weight, in);
  const at::Tensor rows = with_room(self, [&] { return weight.contiguous(); }),
                   panels = with_room(self, [&] { return at::empty({count, in, kPanel}, weight.options()); });
  on_threads(count, [&, from = static_cast<const float*>(rows.const_data_ptr()),
                     to = static_cast<float*>(panels.mutable_data_ptr())](int64_t panel) {
    lay_panels({from, out, words, words, 1}, panel, 1, to + panel * words * kPanel);
  });
  // A checkpoint's weight is not read again soon: its file has it.
  release_clean_pages(rows.const_data_ptr(), rows.nbytes());
  return from_tensor(self, panels);
}

/** linearPrepacked(input [..., in], panels, out, wide): input times the packed weight transposed, [..., out], in the
 * input's dtype or, where `wide`, in float32; records no graph */
Napi::Value linear_prepacked(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor input = self.tensors.get(to_double(self.env, info[0]));
  const at::Tensor panels = self.tensors.get(to_double(self.env, info[1]));
  const int64_t out = to_int64(self.env, info[2]);
  const bool packed = has_numbers(panels) && panels.dim() == 3 && panels.size(2) == kPanel && panels.numel() > 0 &&
                      panels.is_contiguous() && (panels.scalar_type() == c10::kFloat || panels.size(1) % 2 == 0);
  if (!packed || !has_panels()) throw BadArgument("expected a packed weight, got " + describe(panels));
  if (out < 1 || (out + kPanel - 1) / kPanel != panels.size(0))
    throw BadArgument("these panels do not hold a weight of " + std::to_string(out) + " outputs");
  const int64_t in = panels.size(1);
  const c10::ScalarType dtype = panels.scalar_type();
  if (!has_numbers(input) || input.scalar_type() != dtype || input.dim() < 1 || input.size(-1) != in) {
    throw BadArgument(std::string("expected a ") + dtype_name(dtype) + " input [..., " + std::to_string(in) +
                      "], got " + describe(input));
  }
  const at::AutoDispatchBelowADInplaceOrView below;
  const int64_t size = words_of(panels, in) * kPanel;
  const auto panels_of = [size, weights = static_cast<const float*>(panels.const_data_ptr())](int64_t first,
                                                                                              int64_t count, Scratch&) {
    return Panels{first, count, weights + first * size, size, weights + (first + count) * size};
  };
  const c10::ScalarType made = to_bool(self.env, info[3]) ? c10::kFloat : dtype;
  return from_tensor(self, with_room(self, [&] { return multiply_rows(input, out, made, kNear, panels_of); }));
}

const KernelFunctions kFunctions([](Napi::Object exports) {
  define<can_prepack>(exports, "canPrepack");
  define<multiplies_tiles>(exports, "multipliesTiles");
  define<prepack_linear>(exports, "prepackLinear");
  define<linear_prepacked>(exports, "linearPrepacked");
});

}  // namespace

}  // namespace soo
