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
  return [](const ForwardCall& call, const variable_list& inputs) { return JavaScriptFunction::apply(call, inputs[I]...); };
}

template <size_t... N>
std::array<Apply, sizeof...(N)> apply_table(std::index_sequence<N...>) {
  return {apply_with(std::make_index_sequence<N + 1>())...};
}

/** applyFunction(id, Float64Array of the tensors among the inputs) -> handles of the outputs */
napi_value apply_function(Environment& self, napi_env env, size_t, napi_value* argv) {
  static const std::array<Apply, kMaxInputs> table = apply_table(std::make_index_sequence<kMaxInputs>());
  const int64_t id = to_int64(env, argv[0]);
  if (id < 1) throw BadArgument("a callback's number starts at 1");
  const variable_list inputs = to_tensors(self, argv[1]);
  if (inputs.empty() || inputs.size() > kMaxInputs) {
    throw BadArgument("a custom function takes 1 to 32 tensors, got " + std::to_string(inputs.size()));
  }
  return from_tensors(self, table[inputs.size() - 1]({id, self.callbacks->lease(id)}, inputs));
}

/** setCallbacks(serve, forget): see CallbackPort */
napi_value set_callbacks(Environment& self, napi_env, size_t, napi_value* argv) {
  self.callbacks->set_serve(argv[0], argv[1]);
  return nullptr;
}

napi_value forget_released(Environment& self, napi_env, size_t, napi_value*) {
  self.callbacks->forget_released();
  return nullptr;
}

/** useSecondThread(on): runs every backward pass beside the JavaScript thread, as CUDA's hooks need (for tests) */
napi_value use_second_thread(Environment& self, napi_env env, size_t, napi_value* argv) {
  self.callbacks->always_use_second_thread(to_bool(env, argv[0]));
  return nullptr;
}

/** registerHook(handle, id) -> the hook's position, for removeHook */
napi_value register_hook(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor tensor = self.tensors.get(to_double(env, argv[0]));
  const int64_t id = to_int64(env, argv[1]);
  const auto lease = self.callbacks->lease(id);
  const unsigned position = tensor.register_hook([lease](const at::Tensor& grad) -> at::Tensor {
    const auto result = lease->port->call(lease->id, {grad});
    if (!result.has_value() || result->empty() || !result->front().defined()) return at::Tensor();
    return result->front();
  });
  return from_int64(env, position);
}

napi_value remove_hook(Environment& self, napi_env env, size_t, napi_value* argv) {
  const int64_t position = to_int64(env, argv[1]);
  if (position < 0 || position > UINT32_MAX) throw BadArgument("there is no such hook");
  self.tensors.get(to_double(env, argv[0])).remove_hook(static_cast<unsigned>(position));
  return nullptr;
}

std::optional<bool> optional_bool(napi_env env, napi_value value) {
  return is_missing(env, value) ? std::nullopt : std::optional<bool>(to_bool(env, value));
}

/** backward(roots, gradients, retainGraph | undefined, createGraph) */
napi_value backward(Environment& self, napi_env env, size_t, napi_value* argv) {
  const variable_list roots = to_tensors(self, argv[0]);
  const variable_list gradients = to_tensors(self, argv[1]);
  const auto retain = optional_bool(env, argv[2]);
  const bool create = to_bool(env, argv[3]);
  self.callbacks->run_engine([&] { torch::autograd::backward(roots, gradients, retain, create); });
  return nullptr;
}

/** grad(outputs, inputs, gradOutputs, retainGraph | undefined, createGraph, allowUnused) -> handles and nulls */
napi_value grad(Environment& self, napi_env env, size_t, napi_value* argv) {
  const variable_list outputs = to_tensors(self, argv[0]);
  const variable_list inputs = to_tensors(self, argv[1]);
  const variable_list grad_outputs = to_tensors(self, argv[2]);
  const auto retain = optional_bool(env, argv[3]);
  const bool create = to_bool(env, argv[4]);
  const bool allow_unused = to_bool(env, argv[5]);
  variable_list result;
  self.callbacks->run_engine(
      [&] { result = torch::autograd::grad(outputs, inputs, grad_outputs, retain, create, allow_unused); });
  return from_tensors(self, result);
}

napi_value is_grad_enabled(Environment&, napi_env env, size_t, napi_value*) { return from_bool(env, at::GradMode::is_enabled()); }

napi_value set_grad_enabled(Environment&, napi_env env, size_t, napi_value* argv) {
  const bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(to_bool(env, argv[0]));
  return from_bool(env, before);
}

napi_value is_inference_mode(Environment&, napi_env env, size_t, napi_value*) {
  return from_bool(env, c10::InferenceMode::is_enabled());
}

/** inferenceMode(callback): calls it with inference mode on */
napi_value inference_mode(Environment&, napi_env env, size_t, napi_value* argv) {
  napi_value result = nullptr;
  const c10::InferenceMode guard(true);
  check(env, napi_call_function(env, undefined(env), argv[0], 0, nullptr, &result));
  return result;
}

}  // namespace

void define_autograd(napi_env env, napi_value exports) {
  define<apply_function>(env, exports, "applyFunction");
  define<set_callbacks>(env, exports, "setCallbacks");
  define<forget_released>(env, exports, "forgetReleased");
  define<use_second_thread>(env, exports, "useSecondThread");
  define<register_hook>(env, exports, "registerHook");
  define<remove_hook>(env, exports, "removeHook");
  define<backward>(env, exports, "backward");
  define<grad>(env, exports, "grad");
  define<is_grad_enabled>(env, exports, "isGradEnabled");
  define<set_grad_enabled>(env, exports, "setGradEnabled");
  define<is_inference_mode>(env, exports, "isInferenceMode");
  define<inference_mode>(env, exports, "inferenceMode");
}

}  // namespace soo
