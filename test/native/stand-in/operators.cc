#include <ATen/EmptyTensor.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/view_native.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include <cstring>

#include "counters.h"
#include "current-device.h"
#include "host-view.h"

// What cannot be the processor's kernel: making tensors, views of them, and copies between host and device.

namespace standin {

namespace {

constexpr c10::DispatchKeySet kKeys(c10::DispatchKey::PrivateUse1);

c10::Device named(std::optional<c10::Device> device) {
  return device.has_value() && device->has_index() ? *device : c10::Device(kType, current_device());
}

at::Tensor empty(c10::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<c10::Layout> layout,
                 std::optional<c10::Device> device, std::optional<bool>, std::optional<c10::MemoryFormat> format) {
  TORCH_CHECK_NOT_IMPLEMENTED(c10::layout_or_default(layout) == c10::kStrided, "The stand-in has dense tensors only");
  const c10::DeviceGuard guard(named(device));
  return at::detail::empty_generic(size, &allocator(), kKeys, c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                         std::optional<c10::Layout>, std::optional<c10::Device> device, std::optional<bool>) {
  const c10::DeviceGuard guard(named(device));
  return at::detail::empty_strided_generic(size, stride, &allocator(), kKeys, c10::dtype_or_default(dtype));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  if (on_device(from) && !on_device(to)) {
    ++counters().copies;
    counters().bytes += static_cast<int64_t>(from.nbytes());
  }
  HostViews views;
  views.of(to).copy_(views.of(from));
  return to;
}

at::Tensor copy_and_resize(const at::Tensor& from, const at::Tensor& to) {
  to.resize_(from.sizes());
  return copy_from(from, to, false);
}

at::Scalar item(const at::Tensor& tensor) {
  ++counters().numbers;
  counters().bytes += static_cast<int64_t>(tensor.element_size());
  HostViews views;
  return views.of(tensor).item();
}

const at::Tensor& resize(const at::Tensor& tensor, c10::IntArrayRef size, std::optional<c10::MemoryFormat> format) {
  HostViews views;
  const at::Tensor view = views.of(tensor);
  view.resize_(size, format);
  views.settle(tensor, view);
  return tensor;
}

at::Tensor& set_from_storage(at::Tensor& tensor, at::Storage source, int64_t offset, c10::IntArrayRef size,
                             c10::IntArrayRef stride) {
  auto* impl = tensor.unsafeGetTensorImpl();
  impl->set_storage_keep_dtype(std::move(source));
  if (stride.data() != nullptr)
    impl->set_sizes_and_strides(size, stride, offset);
  else
    impl->set_sizes_contiguous(size);
  return tensor;
}

at::Tensor& set_from_whole(at::Tensor& tensor, at::Storage source) {
  const auto count = static_cast<int64_t>(source.nbytes() / tensor.element_size());
  return set_from_storage(tensor, std::move(source), 0, {count}, {1});
}

at::Tensor& set_from_tensor(at::Tensor& tensor, const at::Tensor& source) {
  return set_from_storage(tensor, source.storage(), source.storage_offset(), source.sizes(), source.strides());
}

at::Tensor reshape_alias(const at::Tensor& self, c10::IntArrayRef size, c10::IntArrayRef stride) {
  return at::native::as_strided_tensorimpl(self, size, stride, std::nullopt);
}

/** As between a processor and a GPU: a parameter's data may be moved from one to the other. */
bool may_take_place_of(const at::Tensor& tensor, const at::Tensor& other) {
  return tensor.layout() == c10::kStrided && other.layout() == c10::kStrided;
}

/** The fused kernels that the processor would choose are its own; what a GPU would take, nobody knows here. */
int64_t attention_choice(const at::Tensor&, const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                         double, bool, std::optional<double>, bool) {
  return 0;  // what libtorch computes with plain operators
}

at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       c10::IntArrayRef stride, c10::IntArrayRef padding, c10::IntArrayRef dilation, bool transposed,
                       c10::IntArrayRef output_padding, int64_t groups) {
  HostViews views;
  const auto host_bias = bias.has_value() ? std::optional(views.of(*bias)) : std::nullopt;
  const at::Tensor result = at::convolution(views.of(input), views.of(weight), host_bias, stride, padding, dilation,
                                            transposed, output_padding, groups);
  return views.back(result, input.device());
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(const at::Tensor& grad, const at::Tensor& input,
                                                                    const at::Tensor& weight, c10::IntArrayRef stride,
                                                                    c10::IntArrayRef padding, c10::IntArrayRef dilation,
                                                                    bool transposed, c10::IntArrayRef output_padding,
                                                                    int64_t groups, std::array<bool, 3> wanted) {
  HostViews views;
  const std::vector<int64_t> bias_size{grad.size(1)};
  const auto [a, b, c] = at::convolution_backward(views.of(grad), views.of(input), views.of(weight), bias_size, stride,
                                                  padding, dilation, transposed, output_padding, groups, wanted);
  return {views.back(a, grad.device()), views.back(b, grad.device()), views.back(c, grad.device())};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("as_strided", at::native::as_strided_tensorimpl);
  m.impl("view", at::native::view);
  m.impl("_reshape_alias", reshape_alias);
  m.impl("resize_", resize);
  m.impl("set_.source_Storage", set_from_whole);
  m.impl("set_.source_Storage_storage_offset", set_from_storage);
  m.impl("set_.source_Tensor", set_from_tensor);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_and_resize);
  m.impl("_local_scalar_dense", item);
  m.impl("_has_compatible_shallow_copy_type", may_take_place_of);
  m.impl("_fused_sdp_choice", attention_choice);
  m.impl("convolution_overrideable", convolution);
  m.impl("convolution_backward_overrideable", convolution_backward);
}

}  // namespace standin
