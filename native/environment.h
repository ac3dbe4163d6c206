#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <napi.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "random-state.h"
#include "tensor-table.h"

namespace soo {

struct Operator;
class CallbackPort;
class SafetyNet;
class MappedFile;
struct GroupHandle;

/**
 * Everything native that belongs to one JavaScript environment (the main thread or a worker).
 * There is no process-wide state but the tickets of tensors on their way to another worker (transfer.cc), and who has
 * libtorch's own generators, of which there is one for the process (random-state.cc).
 */
struct Environment {
  explicit Environment(Napi::Env env);
  ~Environment();

  Napi::Env env;
  TensorTable tensors;
  std::vector<std::unique_ptr<Operator>> operators;
  std::unordered_map<uint32_t, at::Generator> generators;
  uint32_t next_generator = 1;
  RandomState own_random;
  /** Those of runs. */
  std::unordered_map<uint32_t, std::unique_ptr<RandomState>> random_states;
  uint32_t next_random_state = 1;
  /** The one that is drawn from now. */
  RandomState* random = &own_random;
  std::unordered_map<uint32_t, std::shared_ptr<MappedFile>> mapped_files;
  uint32_t next_mapped_file = 1;
  std::unordered_map<uint32_t, std::shared_ptr<GroupHandle>> groups;
  uint32_t next_group = 1;
  std::shared_ptr<CallbackPort> callbacks;
  std::unique_ptr<SafetyNet> safety_net;
  Napi::ObjectReference errors;  // the classes of errors by name, of the realm that the library runs in
};

Environment& environment_of(Napi::Env env);

/** A JavaScript exception is on its way: it is pending, or CallbackPort holds it. */
struct JavaScriptException : std::exception {
  const char* what() const noexcept override { return "an exception was thrown in JavaScript"; }
};

/** What JavaScript passed does not fit; becomes a TypeError. */
struct BadArgument : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/** Says a message in other words. */
using Reword = std::function<std::string(const std::string&)>;

/** Turns the exception in flight into a pending JavaScript error; `where` goes in front of the message. */
void throw_to_javascript(Environment& self, const std::string& where, const Reword& reword = nullptr) noexcept;

/** Throws in JavaScript: `kind` is `Error`, `TypeError` or `RangeError`. */
void throw_message(Environment& self, const char* kind, const std::string& message,
                   const char* code = nullptr) noexcept;

/** Throws if a plain Node-API call failed: those are for operator calls and their handles alone, where every call
 * counts. */
void check(napi_env env, napi_status status);

using Native = Napi::Value (*)(Environment& self, const Napi::CallbackInfo& info);

/** Wraps a native function so that no C++ exception crosses into JavaScript. */
template <Native function>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  Environment& self = environment_of(info.Env());
  try {
    return function(self, info);
  } catch (...) {
    throw_to_javascript(self, static_cast<const char*>(info.Data()));
    return {};
  }
}

/** A function of the addon's export object; `name` also leads its error messages. */
template <Native function>
void define(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<guarded<function>>(exports.Env(), name, const_cast<char*>(name)));
}

void define_errors(Napi::Object exports);
void define_tensors(Napi::Object exports);
void define_memory(Napi::Object exports);
void define_operators(Napi::Object exports);
void define_autograd(Napi::Object exports);
void define_random(Napi::Object exports);
void define_devices(Napi::Object exports);
void define_mapped_files(Napi::Object exports);
void define_transfer(Napi::Object exports);
void define_process_groups(Napi::Object exports);

}  // namespace soo
