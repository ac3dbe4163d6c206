#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <bit>

#include "cuda/nf4.h"
#include "environment.h"
#include "kernels/nf4.h"
#include "kernels/registry.h"
#include "out-of-memory.h"
#include "values.h"

// The way to native/cuda/nf4.cu, whose library is opened before this one where it was built: else there is no such
// symbol, and operators do the work.

extern "C" __attribute__((weak)) const char* soo_nf4_dequantise(const uint8_t*, const float*, const float*, void*,
                                                                int64_t, int, SooNf4Type, void*);

namespace soo {

namespace {

bool lies_on(const at::Tensor& tensor, c10::Device device, c10::ScalarType dtype, int64_t count) {
  return tensor.defined() && tensor.layout() == c10::kStrided && tensor.device() == device && tensor.is_contiguous() &&
         tensor.scalar_type() == dtype && tensor.numel() == count && !tensor.is_neg() && !tensor._is_zerotensor();
}

/** nf4DequantiseCuda(codes, magnitudes, shape, block, dtype); null where the kernel is missing or another way is meant
 */
Napi::Value nf4_dequantise_cuda(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor codes = self.tensors.get(to_double(self.env, info[0])),
                   absmax = self.tensors.get(to_double(self.env, info[1]));
  const std::vector<int64_t> shape = to_int_list(self.env, info[2]);
  const int64_t block = to_int64(self.env, info[3]);
  const c10::ScalarType dtype = to_dtype(self.env, info[4]);
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) return self.env.Null();
  }
  const bool is_number = dtype == c10::kFloat || dtype == c10::kBFloat16 || dtype == c10::kHalf;
  const bool is_block = block >= 32 && block <= 4096 && (block & (block - 1)) == 0;
  if (soo_nf4_dequantise == nullptr || !is_number || !is_block || !codes.defined() || !codes.is_cuda() ||
      !lies_on(codes, codes.device(), c10::kByte, count / 2 + count % 2) ||
      !lies_on(absmax, codes.device(), c10::kFloat, count / block + (count % block != 0))) {
    return self.env.Null();
  }
  const at::AutoDispatchBelowADInplaceOrView below;
  const c10::DeviceGuard on(codes.device());
  const at::Tensor numbers = with_room(self, [&] { return at::empty(shape, codes.options().dtype(dtype)); });
  const c10::impl::VirtualGuardImpl device(codes.device().type());
  const auto type = dtype == c10::kFloat ? kSooFloat32 : dtype == c10::kBFloat16 ? kSooBFloat16 : kSooFloat16;
  const char* problem =
      soo_nf4_dequantise(codes.const_data_ptr<uint8_t>(), absmax.const_data_ptr<float>(), kNf4.data(),
                         numbers.mutable_data_ptr(), count, std::countr_zero(static_cast<uint64_t>(block)), type,
                         device.getStreamNativeHandle(device.getStream(codes.device())));
  if (problem != nullptr) throw std::runtime_error(problem);
  return from_tensor(self, numbers);
}

const KernelFunctions kFunctions([](Napi::Object exports) {
  define<nf4_dequantise_cuda>(exports, "nf4DequantiseCuda");
});

}  // namespace

}  // namespace soo
