#include <c10/util/Exception.h>
#include <node_api.h>
#include <torch/version.h>

#include "callbacks.h"
#include "environment.h"
#include "operators.h"
#include "safety-net.h"
#include "values.h"

namespace soo {

Environment::Environment(napi_env env)
    : env(env),
      callbacks(std::make_shared<CallbackPort>(*this)),
      safety_net(std::make_unique<SafetyNet>(env, tensors)) {}

Environment::~Environment() {
  callbacks->close();
  tensors.clear();
}

Environment& environment_of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Environment*>(data);
}

void export_function(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, const_cast<char*>(name), &function));
  check(env, napi_set_named_property(env, exports, name, function));
}

namespace {

void free_environment(napi_env, void* data, void*) { delete static_cast<Environment*>(data); }

napi_value initialise(napi_env env, napi_value exports) {
  auto* self = new Environment(env);
  if (napi_set_instance_data(env, self, free_environment, nullptr) != napi_ok) {
    delete self;
    return nullptr;
  }
  try {
    check(env, napi_set_named_property(env, exports, "builtWith", from_string(env, TORCH_VERSION)));
    define_tensors(env, exports);
    define_memory(env, exports);
    define_operators(env, exports);
    define_autograd(env, exports);
    define_random(env, exports);
    define_devices(env, exports);
    define_mapped_files(env, exports);
    define_attention(env, exports);
    define_frozen_linear(env, exports);
    define_norms(env, exports);
    define_prepacked(env, exports);
    define_perceptron(env, exports);
    define_actor_critic(env, exports);
    define_adam_step(env, exports);
    define_transfer(env, exports);
  } catch (...) {
    throw_to_javascript(*self, "soo_torch.node");
    return nullptr;
  }
  return exports;
}

}  // namespace
}  // namespace soo

NAPI_MODULE_INIT() { return soo::initialise(env, exports); }
