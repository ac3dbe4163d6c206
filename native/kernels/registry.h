#pragma once

#include <napi.h>

namespace soo {

/**
 * What a file of this folder adds to the addon's exports, as a constant of that file: it joins the list while the addon
 * is loaded, and nothing changes afterwards. So no other file names a kernel.
 */
class KernelFunctions {
 public:
  using Define = void (*)(Napi::Object exports);

  explicit KernelFunctions(Define define) : define_(define), next_(first_) { first_ = this; }
  KernelFunctions(const KernelFunctions&) = delete;
  KernelFunctions& operator=(const KernelFunctions&) = delete;

  static void define_all(Napi::Object exports) {
    for (const KernelFunctions* each = first_; each != nullptr; each = each->next_) each->define_(exports);
  }

 private:
  static constinit inline const KernelFunctions* first_ = nullptr;
  const Define define_;
  const KernelFunctions* const next_;
};

}  // namespace soo
