#include "fixed-shapes.h"

#include <ATen/EmptyTensor.h>

namespace soo {

namespace {

bool has_plain_memory(const at::Tensor& tensor) {
  return tensor.defined() && tensor.layout() == c10::kStrided && tensor.has_storage();
}

bool lies_within_memory(const at::Tensor& tensor) {
  const size_t reach = at::detail::computeStorageNbytes(tensor.sizes(), tensor.strides(), tensor.element_size(),
                                                        static_cast<size_t>(tensor.storage_offset()));
  return tensor.numel() == 0 || reach <= tensor.storage().nbytes();
}

}  // namespace

FixedShapes::FixedShapes(const Operator& op, const torch::jit::Stack& arguments) {
  if (!op.writes) return;
  for (size_t i = 0; i < op.parameters.size(); ++i) {
    if (!op.parameters[i].written) continue;
    if (arguments[i].isTensor()) add(arguments[i].toTensor());
    if (arguments[i].isTensorList())
      for (const at::Tensor& each : arguments[i].toTensorVector()) add(each);
  }
}

void FixedShapes::add(const at::Tensor& tensor) {
  if (!has_plain_memory(tensor)) return;
  Written one{tensor, {}, {}, 0, !tensor.storage().resizable()};
  if (one.fixed) {
    one.sizes = tensor.sizes();
    one.strides = tensor.strides();
    one.offset = tensor.storage_offset();
  }
  written_.push_back(std::move(one));
}

void FixedShapes::restore() const noexcept {
  for (const Written& one : written_) {
    try {
      if (!has_plain_memory(one.tensor) || lies_within_memory(one.tensor)) continue;
      at::TensorImpl* impl = one.tensor.unsafeGetTensorImpl();
      if (one.fixed) impl->set_sizes_and_strides(one.sizes, one.strides, one.offset);
      // It was given other memory meanwhile, which does not suffice either.
      if (!lies_within_memory(one.tensor)) impl->set_sizes_contiguous({0});
    } catch (const std::exception&) {
      continue;  // what went wrong first is what is told
    }
  }
}

}  // namespace soo
