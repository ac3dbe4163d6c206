#include <ATen/Context.h>
#include <malloc.h>
#include <napi.h>
#include <torch/version.h>

#include "callbacks.h"
#include "environment.h"
#include "kernels/registry.h"
#include "operators.h"
#include "precision.h"
#include "process-groups.h"
#include "safety-net.h"
#include "thread-count.h"
#include "transfer.h"

namespace soo {

Environment::Environment(Napi::Env env)
    : env(env),
      callbacks(std::make_shared<CallbackPort>(*this)),
      safety_net(std::make_unique<SafetyNet>(env, tensors)) {
  set_thread_count(default_thread_count());
  // With a mask cuDNN's attention is wrong in some releases: rows that may look at nothing look at everything, and on
  // Hopper gradients of some lengths are NaN (PyTorch's issues 177842 and 196678). libtorch has other kernels.
  at::globalContext().setSDPUseCuDNN(false);
  forbid_tf32_once();
}

Environment::~Environment() {
  callbacks->close();
  abandon_groups(*this);
  withdraw_all(*this);
  tensors.clear();
#ifdef __GLIBC__
  malloc_trim(0);  // what this thread has freed would stay with the process, for threads to come
#endif
}

Environment& environment_of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  auto self = std::make_unique<Environment>(env);
  env.SetInstanceData(self.get());
  self.release();  // Node deletes it as the environment ends
  exports.Set("builtWith", TORCH_VERSION);
  define_errors(exports);
  define_tensors(exports);
  define_memory(exports);
  define_operators(exports);
  define_autograd(exports);
  define_random(exports);
  define_devices(exports);
  define_precision(exports);
  define_mapped_files(exports);
  define_transfer(exports);
  define_process_groups(exports);
  KernelFunctions::define_all(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(soo_torch, initialise)

}  // namespace soo
