#include "host-view.h"

#include <ATen/EmptyTensor.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/TensorImpl.h>

#include <cstring>

namespace standin {

namespace {

at::Tensor like(const at::Tensor& tensor, const c10::Storage& storage, c10::DispatchKey key) {
  c10::DispatchKeySet keys(key);
  if (tensor.is_conj()) keys = keys.add(c10::DispatchKey::Conjugate);
  if (tensor.is_neg()) keys = keys.add(c10::DispatchKey::Negative);
  at::Tensor made = at::detail::make_tensor<c10::TensorImpl>(c10::Storage(storage), keys, tensor.dtype());
  auto* impl = made.unsafeGetTensorImpl();
  impl->set_sizes_and_strides(tensor.sizes(), tensor.strides(), tensor.storage_offset());
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) impl->set_wrapped_number(true);
  return made;
}

}  // namespace

c10::Storage HostViews::host_storage(const c10::Storage& storage) {
  auto& host = hosts_[storage.unsafeGetStorageImpl()];
  if (host) return host;
  open_.emplace_back(block_of(storage));
  void* data = storage.data_ptr().get();
  // Resizable, with the processor's allocator: a kernel that wants more memory gets it, and settle() carries it over.
  host = c10::Storage(c10::Storage::use_byte_size_t(), storage.nbytes(), c10::DataPtr(data, c10::Device(c10::kCPU)),
                      c10::GetCPUAllocator(), true);
  devices_[host.unsafeGetStorageImpl()] = storage;
  given_[host.unsafeGetStorageImpl()] = data;
  return host;
}

at::Tensor HostViews::of(const at::Tensor& tensor) {
  if (!on_device(tensor)) return tensor;
  TORCH_CHECK_NOT_IMPLEMENTED(tensor.layout() == c10::kStrided, "The stand-in has dense tensors only, got ",
                              tensor.layout());
  return like(tensor, host_storage(tensor.storage()), c10::DispatchKey::CPU);
}

c10::Storage HostViews::device_storage(const c10::Storage& storage, c10::Device device) {
  auto& made = devices_[storage.unsafeGetStorageImpl()];
  if (made) return made;
  const c10::DeviceGuard guard(device);
  const size_t bytes = storage.nbytes();
  made = c10::Storage(c10::Storage::use_byte_size_t(), bytes, allocator().allocate(bytes), &allocator(), true);
  const Opened opened(block_of(made));
  if (bytes > 0) std::memcpy(made.mutable_data_ptr().get(), storage.data(), bytes);
  return made;
}

at::Tensor HostViews::back(const at::Tensor& result, c10::Device device) {
  if (!result.defined() || on_device(result)) return result;
  TORCH_CHECK_NOT_IMPLEMENTED(result.layout() == c10::kStrided, "The stand-in has dense tensors only, got ",
                              result.layout());
  return like(result, device_storage(result.storage(), device), c10::DispatchKey::PrivateUse1);
}

void HostViews::settle(const at::Tensor& tensor, const at::Tensor& view) {
  auto* storage = tensor.storage().unsafeGetStorageImpl();
  const c10::Storage& host = view.storage();
  if (host.data() != given_.at(host.unsafeGetStorageImpl())) {
    const c10::DeviceGuard guard(tensor.device());
    auto memory = allocator().allocate(host.nbytes());
    const Opened opened(static_cast<Block*>(memory.get_context()));
    std::memcpy(memory.get(), host.data(), host.nbytes());
    open_.clear();  // the block that is given up is closed before it goes
    storage->set_data_ptr_noswap(std::move(memory));
    storage->set_nbytes(host.nbytes());
  }
  if (tensor.sizes() != view.sizes() || tensor.strides() != view.strides() ||
      tensor.storage_offset() != view.storage_offset())
    tensor.unsafeGetTensorImpl()->set_sizes_and_strides(view.sizes(), view.strides(), view.storage_offset());
}

}  // namespace standin
