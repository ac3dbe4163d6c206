#pragma once

#include <ATen/core/Tensor.h>

#include <unordered_map>
#include <vector>

#include "memory.h"

namespace standin {

inline bool on_device(const at::Tensor& tensor) { return tensor.defined() && tensor.device().type() == kType; }

/**
 * Tensors of devices as the processor's kernels take them, on the same memory, which is open while this lives; and what
 * the kernels give as tensors of a device.
 */
class HostViews {
 public:
  /** The tensor on the same memory; as it is where it lies on the processor. */
  at::Tensor of(const at::Tensor& tensor);
  /** What a kernel made, on the device: a view of what it was given where it is one, else a copy. */
  at::Tensor back(const at::Tensor& result, c10::Device device);
  /** Carries over what a kernel did to the shape or memory of a tensor that it may change. */
  void settle(const at::Tensor& tensor, const at::Tensor& view);

 private:
  c10::Storage host_storage(const c10::Storage& storage);
  c10::Storage device_storage(const c10::Storage& storage, c10::Device device);

  std::vector<Opened> open_;
  std::unordered_map<c10::StorageImpl*, c10::Storage> hosts_;    // by what lies on a device
  std::unordered_map<c10::StorageImpl*, c10::Storage> devices_;  // by what lies on the processor
  std::unordered_map<c10::StorageImpl*, void*> given_;           // where the memory of a host's storage was
};

}  // namespace standin
