#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "environment.h"

namespace soo {

/** How one argument of an operator is read from JavaScript. */
enum class Kind : uint8_t {
  Tensor,
  TensorList,
  OptionalTensorList,
  Int,
  Float,
  Bool,
  Scalar,
  String,
  IntList,
  FloatList,
  BoolList,
  ScalarList,
  Dtype,
  Layout,
  Device,
  MemoryFormat,
  Generator,
  Unsupported,
};

struct Parameter {
  std::string name;
  std::string shown;  // in camelCase, as JavaScript knows it
  Kind kind;
  bool optional;   // `T?`
  bool written;    // `Tensor(a!)`
  int32_t repeat;  // `int[2]`: a single number stands for two
};

/** A typed call into an operator, chosen by the operator's signature; faster than a call with boxed values. */
struct TypedCall {
  virtual ~TypedCall() = default;
  virtual napi_value call(Environment& self, const Operator& op, napi_value* argv) = 0;
};

/** Throws when the arguments break what the operator's kernel takes for granted. */
using Guard = void (*)(const Operator& op, const torch::jit::Stack& arguments);

struct Operator {
  Operator(Environment& self, c10::OperatorHandle handle);

  Environment& self;
  c10::OperatorHandle handle;
  std::string name;   // `log_softmax.int`
  std::string shown;  // `logSoftmax`, as JavaScript knows it
  std::vector<Parameter> parameters;
  std::unique_ptr<TypedCall> typed;  // null: boxed
  Guard guard;                       // what its kernel does not check itself, or null
  bool writes = false;               // to some of its arguments
  bool draws = false;                // random numbers, of libtorch's own generator where it is given none
  int generator_at = -1;             // the argument that may be one
  int dropout_at = -1;               // the argument that, being 0, leaves nothing to draw
  std::string unsupported;           // why it cannot be called; empty if it can
  mutable size_t reading = 0;        // the argument being converted, for the error message
};

/** A typed call for this operator's signature, or null. */
std::unique_ptr<TypedCall> typed_call_for(const Operator& op);

bool is_given(napi_env env, napi_value value);
c10::IValue to_ivalue(Environment& self, const Parameter& parameter, napi_value value);
at::Tensor to_tensor(Environment& self, napi_value value);
/** Throws if an operator must not write to the tensor. */
const at::Tensor& require_writable(const at::Tensor& tensor);

}  // namespace soo
