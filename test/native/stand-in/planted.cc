#include "planted.h"

#include <ATen/Functions.h>
#include <torch/library.h>

#include "host-view.h"

namespace standin {

namespace {

/** A kernel as one that was written for the processor alone: it reads what its tensor points at. */
at::Tensor peek(const at::Tensor& self) { return at::Tensor(self).fill_(*self.const_data_ptr<float>()); }

/** A copy to the host that is none: what it gives is called the processor's, and lies on the device. */
at::Tensor stay(const at::Tensor& self, std::optional<at::ScalarType>, std::optional<at::Layout>,
                std::optional<at::Device>, std::optional<bool>, bool, std::optional<at::MemoryFormat>) {
  return at::from_blob(self.data_ptr(), self.sizes(), self.strides(), self.scalar_type());
}

template <class Kernel>
void plant(const char* name, Kernel* kernel) {
  // For good: what is planted goes with the process.
  auto* library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__);
  library->impl(name, kernel);
}

}  // namespace

void plant_peek() { plant("special_erfcx", peek); }

void plant_stay() { plant("_to_copy", stay); }

}  // namespace standin
