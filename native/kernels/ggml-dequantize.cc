#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "environment.h"
#include "kernels/ggml-blocks.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "kernels/threads.h"
#include "out-of-memory.h"
#include "values.h"

namespace soo {

namespace {

/** Numbers that a thread makes at a time. */
constexpr int64_t kStretch = 1 << 16;

/** dequantizeGgml(blocks uint8 [bytes], type): float32 [numbers]; throws for a type or a length that does not fit */
Napi::Value dequantize_ggml(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor blocks = self.tensors.get(to_double(self.env, info[0]));
  const int64_t type = to_int64(self.env, info[1]);
  const BlockFormat* format = block_format(type);
  if (format == nullptr) throw BadArgument("no block type of ggml has the number " + std::to_string(type));
  if (!is_plain(blocks, c10::kByte, 1) || !blocks.is_contiguous() || blocks.numel() % format->bytes != 0) {
    throw BadArgument("expected uint8 blocks of " + std::to_string(format->bytes) + " bytes");
  }
  const at::AutoDispatchBelowADInplaceOrView below;
  const int64_t count = blocks.numel() / format->bytes, stretch = kStretch / format->values;
  const at::Tensor output = with_room(self, [&] { return at::empty({count * format->values}, at::kFloat); });
  if (count == 0) return from_tensor(self, output);
  on_threads((count + stretch - 1) / stretch, [&, from = blocks.const_data_ptr<uint8_t>(),
                                               to = output.mutable_data_ptr<float>()](int64_t i) {
    const int64_t begin = i * stretch;
    format->unpack(from + begin * format->bytes, std::min(stretch, count - begin), to + begin * format->values);
  });
  return from_tensor(self, output);
}

const KernelFunctions kFunctions([](Napi::Object exports) { define<dequantize_ggml>(exports, "dequantizeGgml"); });

}  // namespace

}  // namespace soo
