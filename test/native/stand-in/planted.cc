#include "planted.h"

#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include "host-view.h"

namespace standin {

namespace {

/** A kernel as one that was written for the processor alone: it reads what its tensor points at. */
at::Tensor peek(const at::Tensor& self) { return at::Tensor(self).fill_(*self.const_data_ptr<float>()); }

}  // namespace

void plant_peek() {
  static const auto* planted = [] {
    auto* library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__);
    library->impl("special_erfcx", peek);
    return library;
  }();
  (void)planted;
}

}  // namespace standin
