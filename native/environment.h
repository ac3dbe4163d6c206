#pragma once

#include <node_api.h>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "tensor-table.h"

namespace soo {

struct Operator;
class CallbackPort;
class SafetyNet;
class MappedFile;

/**
 * Everything native that belongs to one JavaScript environment (the main thread or a worker).
 * There is no process-wide state but the tickets of tensors on their way to another worker (transfer.cc).
 */
struct Environment {
  explicit Environment(napi_env env);
  ~Environment();

  napi_env env;
  TensorTable tensors;
  std::vector<std::unique_ptr<Operator>> operators;
  std::unordered_map<uint32_t, at::Generator> generators;
  uint32_t next_generator = 1;
  std::unordered_map<uint32_t, std::shared_ptr<MappedFile>> mapped_files;
  uint32_t next_mapped_file = 1;
  std::shared_ptr<CallbackPort> callbacks;
  std::unique_ptr<SafetyNet> safety_net;
};

Environment& environment_of(napi_env env);

/** A JavaScript exception is on its way: it is pending, or CallbackPort holds it. */
struct JavaScriptException : std::exception {
  const char* what() const noexcept override { return "an exception was thrown in JavaScript"; }
};

/** What JavaScript passed does not fit; becomes a TypeError. */
struct BadArgument : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/** Turns the exception in flight into a pending JavaScript error; `where` goes in front of the message. */
void throw_to_javascript(Environment& self, const std::string& where) noexcept;

/** Throws if a Node-API call failed. */
void check(napi_env env, napi_status status);

using Native = napi_value (*)(Environment& self, napi_env env, size_t argc, napi_value* argv);
constexpr size_t kMaxArguments = 40;

/** Wraps a native function so that no C++ exception crosses into JavaScript. */
template <Native function>
napi_value guarded(napi_env env, napi_callback_info info) noexcept {
  size_t argc = kMaxArguments;
  napi_value argv[kMaxArguments];
  void* data = nullptr;
  napi_get_cb_info(env, info, &argc, argv, nullptr, &data);
  Environment& self = environment_of(env);
  try {
    return function(self, env, argc, argv);
  } catch (...) {
    throw_to_javascript(self, static_cast<const char*>(data));
    return nullptr;
  }
}

/** A function of the addon's export object; `name` also leads its error messages. */
void export_function(napi_env env, napi_value exports, const char* name, napi_callback callback);

template <Native function>
void define(napi_env env, napi_value exports, const char* name) {
  export_function(env, exports, name, guarded<function>);
}

void define_tensors(napi_env env, napi_value exports);
void define_memory(napi_env env, napi_value exports);
void define_operators(napi_env env, napi_value exports);
void define_attention(napi_env env, napi_value exports);
void define_frozen_linear(napi_env env, napi_value exports);
void define_norms(napi_env env, napi_value exports);
void define_prepacked(napi_env env, napi_value exports);
void define_perceptron(napi_env env, napi_value exports);
void define_actor_critic(napi_env env, napi_value exports);
void define_adam_step(napi_env env, napi_value exports);
void define_autograd(napi_env env, napi_value exports);
void define_random(napi_env env, napi_value exports);
void define_devices(napi_env env, napi_value exports);
void define_mapped_files(napi_env env, napi_value exports);
void define_transfer(napi_env env, napi_value exports);

}  // namespace soo
