#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>
#include <array>
#include <utility>

#include "callbacks.h"
#include "environment.h"
#include "out-of-memory.h"
#include "values.h"

namespace soo {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** Keeps a custom function's JavaScript side alive for as long as the graph refers to it. */
struct LeaseHolder : torch::CustomClassHolder {
  explicit LeaseHolder(std::shared_ptr<CallbackPort::Lease> lease) : lease(std::move(lease)) {}
  std::shared_ptr<CallbackPort::Lease> lease;
};

const char kLease[] = "lease";

CallbackPort::Lease& lease_of(AutogradContext* context) {
  return *static_cast<LeaseHolder*>(context->saved_data[kLease].toCapsule().get())->lease;
}

struct ForwardCall {
  int64_t id;
  std::shared_ptr<CallbackPort::Lease> lease;
};

struct JavaScriptFunction : torch::autograd::Function<JavaScriptFunction> {
  template <class... Inputs>
  static variable_list forward(AutogradContext* context, const ForwardCall& call, const Inputs&... inputs) {
    context->saved_data[kLease] = c10::IValue::make_capsule(c10::make_intrusive<LeaseHolder>(call.lease));
    auto result = call.lease->port->call(call.id, {inputs...});
    if (!result.has_value()) throw BadArgument("forward returned nothing");
    // The outputs come first, then a gap, then what is saved for backward.
    const auto gap = std::find_if(result->begin(), result->end(), [](const at::Tensor& t) { return !t.defined(); });
    if (gap == result->begin() || gap == result->end()) throw BadArgument("forward returned no tensor");
    context->save_for_backward(variable_list(gap + 1, result->end()));
    return variable_list(result->begin(), gap);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grad_outputs) {
    CallbackPort::Lease& lease = lease_of(context);
    const variable_list saved = context->get_saved_variables();
    variable_list arguments = grad_outputs;
    arguments.insert(arguments.end(), saved.begin(), saved.end());
    auto result = lease.port->call(-lease.id, arguments);  // the negative number means: backward
    variable_list grads{at::Tensor()};                     // for ForwardCall, which has no gradient
    if (result.has_value()) grads.insert(grads.end(), result->begin(), result->end());
    return grads;
  }
};

// libtorch's Function takes its inputs as separate arguments: one instantiation for each number of them.
constexpr size_t kMaxInputs = 32;
using Apply = variable_list (*)(const ForwardCall& call, const variable_list& inputs);

template <size_t... I>
Apply apply_with(std::index_sequence<I...>) {
  return [](const ForwardCall& call, const variable_list& inputs) {
    return JavaScriptFunction::apply(call, inputs[I]...);
  };
}

template <size_t... N>
std::array<Apply, sizeof...(N)> apply_table(std::index_sequence<N...>) {
  return {apply_with(std::make_index_sequence<N + 1>())...};
}

/** applyFunction(id, Float64Array of the tensors among the inputs) -> handles of the outputs */
Napi::Value apply_function(Environment& self, const Napi::CallbackInfo& info) {
  static const std::array<Apply, kMaxInputs> table = apply_table(std::make_index_sequence<kMaxInputs>());
  const int64_t id = to_int64(self.env, info[0]);
  if (id < 1) throw BadArgument("a callback's number starts at 1");
  const variable_list inputs = to_tensors(self, info[1]);
  if (inputs.empty() || inputs.size() > kMaxInputs) {
    throw BadArgument("a custom function takes 1 to 32 tensors, got " + std::to_string(inputs.size()));
  }
  return from_tensors(self, table[inputs.size() - 1]({id, self.callbacks->lease(id)}, inputs));
}

/** setCallbacks(serve, forget): see CallbackPort */
Napi::Value set_callbacks(Environment& self, const Napi::CallbackInfo& info) {
  self.callbacks->set_serve(info[0], info[1]);
  return {};
}

Napi::Value forget_released(Environment& self, const Napi::CallbackInfo&) {
  self.callbacks->forget_released();
  return {};
}

/** useSecondThread(on): runs every backward pass beside the JavaScript thread, as CUDA's hooks need (for tests) */
Napi::Value use_second_thread(Environment& self, const Napi::CallbackInfo& info) {
  self.callbacks->always_use_second_thread(to_bool(self.env, info[0]));
  return {};
}

/** registerHook(handle, id) -> the hook's position, for removeHook */
Napi::Value register_hook(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor tensor = self.tensors.get(to_double(self.env, info[0]));
  const int64_t id = to_int64(self.env, info[1]);
  const auto lease = self.callbacks->lease(id);
  const unsigned position = tensor.register_hook([lease](const at::Tensor& grad) -> at::Tensor {
    const auto result = lease->port->call(lease->id, {grad});
    if (!result.has_value() || result->empty() || !result->front().defined()) return at::Tensor();
    return result->front();
  });
  return from_int64(self.env, position);
}

Napi::Value remove_hook(Environment& self, const Napi::CallbackInfo& info) {
  const int64_t position = to_int64(self.env, info[1]);
  if (position < 0 || position > UINT32_MAX) throw BadArgument("there is no such hook");
  self.tensors.get(to_double(self.env, info[0])).remove_hook(static_cast<unsigned>(position));
  return {};
}

std::optional<bool> optional_bool(napi_env env, napi_value value) {
  return is_missing(env, value) ? std::nullopt : std::optional<bool>(to_bool(env, value));
}

/** A pass that memory did not suffice for cannot be repeated, as it has freed part of the graph: the next one has room.
 */
void run_engine(Environment& self, const std::function<void()>& engine) {
  try {
    self.callbacks->run_engine(engine);
  } catch (...) {
    if (is_out_of_memory(std::current_exception())) make_room(self);
    throw;
  }
}

/** backward(roots, gradients, retainGraph | undefined, createGraph) */
Napi::Value backward(Environment& self, const Napi::CallbackInfo& info) {
  const variable_list roots = to_tensors(self, info[0]);
  const variable_list gradients = to_tensors(self, info[1]);
  const auto retain = optional_bool(self.env, info[2]);
  const bool create = to_bool(self.env, info[3]);
  run_engine(self, [&] { torch::autograd::backward(roots, gradients, retain, create); });
  return {};
}

/** grad(outputs, inputs, gradOutputs, retainGraph | undefined, createGraph, allowUnused) -> handles and nulls */
Napi::Value grad(Environment& self, const Napi::CallbackInfo& info) {
  const variable_list outputs = to_tensors(self, info[0]);
  const variable_list inputs = to_tensors(self, info[1]);
  const variable_list grad_outputs = to_tensors(self, info[2]);
  const auto retain = optional_bool(self.env, info[3]);
  const bool create = to_bool(self.env, info[4]);
  const bool allow_unused = to_bool(self.env, info[5]);
  variable_list result;
  run_engine(self,
             [&] { result = torch::autograd::grad(outputs, inputs, grad_outputs, retain, create, allow_unused); });
  return from_tensors(self, result);
}

Napi::Value is_grad_enabled(Environment& self, const Napi::CallbackInfo&) {
  return Napi::Boolean::New(self.env, at::GradMode::is_enabled());
}

Napi::Value set_grad_enabled(Environment& self, const Napi::CallbackInfo& info) {
  const bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(to_bool(self.env, info[0]));
  return Napi::Boolean::New(self.env, before);
}

Napi::Value is_inference_mode(Environment& self, const Napi::CallbackInfo&) {
  return Napi::Boolean::New(self.env, c10::InferenceMode::is_enabled());
}

/** inferenceMode(callback): calls it with inference mode on */
Napi::Value inference_mode(Environment& self, const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throw BadArgument("Invalid argument");
  const c10::InferenceMode guard(true);
  return info[0].As<Napi::Function>().Call({});
}

}  // namespace

void define_autograd(Napi::Object exports) {
  define<apply_function>(exports, "applyFunction");
  define<set_callbacks>(exports, "setCallbacks");
  define<forget_released>(exports, "forgetReleased");
  define<use_second_thread>(exports, "useSecondThread");
  define<register_hook>(exports, "registerHook");
  define<remove_hook>(exports, "removeHook");
  define<backward>(exports, "backward");
  define<grad>(exports, "grad");
  define<is_grad_enabled>(exports, "isGradEnabled");
  define<set_grad_enabled>(exports, "setGradEnabled");
  define<is_inference_mode>(exports, "isInferenceMode");
  define<inference_mode>(exports, "inferenceMode");
}

}  // namespace soo
