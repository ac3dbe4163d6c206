#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>

#include "environment.h"
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

bool is_plain_float(const at::Tensor& tensor) {
  return tensor.layout() == c10::kStrided && tensor.is_cpu() && tensor.scalar_type() == c10::kFloat;
}

/** prepackLinear(weight [out, in]): panels [panels, in, 16], which linearPrepacked reads */
Napi::Value prepack_linear(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor weight = self.tensors.get(to_double(self.env, info[0]));
  if (!is_plain_float(weight) || weight.dim() != 2 || weight.numel() == 0) {
    throw BadArgument("expected a float32 weight [out, in] on the processor, got " + describe(weight));
  }
  if (!has_panels())
    throw std::runtime_error("this processor lacks AVX2 and FMA, with which packed weights are multiplied");
  const at::AutoDispatchBelowADInplaceOrView below;
  const int64_t out = weight.size(0), in = weight.size(1), count = (out + kPanel - 1) / kPanel;
  const at::Tensor rows = with_room(self, [&] { return weight.contiguous(); }),
                   panels = with_room(self, [&] { return at::empty({count, in, kPanel}, weight.options()); });
  on_threads(count, [&, from = rows.const_data_ptr<float>(), to = panels.mutable_data_ptr<float>()](int64_t panel) {
    lay_panel({from, out, in, in, 1}, panel, to + panel * in * kPanel);
  });
  // A checkpoint's weight is not read again soon: its file has it.
  release_clean_pages(rows.const_data_ptr(), rows.nbytes());
  return from_tensor(self, panels);
}

/** linearPrepacked(input [..., in], panels, out): input times the packed weight transposed, [..., out]; records no
 * graph */
Napi::Value linear_prepacked(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor input = self.tensors.get(to_double(self.env, info[0]));
  const at::Tensor panels = self.tensors.get(to_double(self.env, info[1]));
  const int64_t out = to_int64(self.env, info[2]);
  const bool packed = is_plain_float(panels) && panels.dim() == 3 && panels.size(2) == kPanel && panels.numel() > 0 &&
                      panels.is_contiguous();
  if (!packed || !has_panels()) throw BadArgument("expected a packed weight, got " + describe(panels));
  if (out < 1 || (out + kPanel - 1) / kPanel != panels.size(0))
    throw BadArgument("these panels do not hold a weight of " + std::to_string(out) + " outputs");
  const int64_t in = panels.size(1);
  if (!is_plain_float(input) || input.dim() < 1 || input.size(-1) != in) {
    throw BadArgument("expected a float32 input [..., " + std::to_string(in) + "], got " + describe(input));
  }
  const at::AutoDispatchBelowADInplaceOrView below;
  const auto panel_of = [in, weights = panels.const_data_ptr<float>()](int64_t panel, Scratch&) {
    return Panel{weights + panel * in * kPanel, weights + (panel + 1) * in * kPanel};
  };
  return from_tensor(self, with_room(self, [&] { return multiply_rows(input, out, panel_of); }));
}

const KernelFunctions kFunctions([](Napi::Object exports) {
  define<can_prepack>(exports, "canPrepack");
  define<prepack_linear>(exports, "prepackLinear");
  define<linear_prepacked>(exports, "linearPrepacked");
});

}  // namespace

}  // namespace soo
