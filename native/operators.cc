#include "operators.h"

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <unordered_set>

#include "fixed-shapes.h"
#include "guards/guards.h"
#include "out-of-memory.h"
#include "values.h"

namespace soo {

namespace {

constexpr size_t kMaxArguments = 40;

/** `log_softmax.int` to `logSoftmax`; leading and trailing underscores stay. lib/torch/schema.ts does the same. */
std::string shown_name(const std::string& full_name) {
  const std::string base = full_name.substr(0, full_name.find('.'));
  if (base.rfind("__", 0) == 0) return base;
  std::string shown;
  for (size_t i = 0; i < base.size(); ++i) {
    const bool joins = base[i] == '_' && i + 1 < base.size() && shown.find_first_not_of('_') != std::string::npos;
    if (!joins) {
      const bool after_join = i > 0 && base[i - 1] == '_' && shown.find_first_not_of('_') != std::string::npos;
      shown += after_join ? static_cast<char>(std::toupper(static_cast<unsigned char>(base[i]))) : base[i];
    }
  }
  return shown;
}

Kind element_kind(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
      return Kind::Tensor;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return Kind::Int;
    case c10::TypeKind::FloatType:
      return Kind::Float;
    case c10::TypeKind::BoolType:
      return Kind::Bool;
    case c10::TypeKind::NumberType:
      return Kind::Scalar;
    case c10::TypeKind::StringType:
      return Kind::String;
    case c10::TypeKind::ScalarTypeType:
      return Kind::Dtype;
    case c10::TypeKind::LayoutType:
      return Kind::Layout;
    case c10::TypeKind::DeviceObjType:
      return Kind::Device;
    case c10::TypeKind::MemoryFormatType:
      return Kind::MemoryFormat;
    case c10::TypeKind::GeneratorType:
      return Kind::Generator;
    default:
      return Kind::Unsupported;
  }
}

Kind list_kind(const c10::TypePtr& element) {
  if (element->kind() == c10::TypeKind::OptionalType) {
    const auto& inner = element->castRaw<c10::OptionalType>()->getElementType();
    return inner->kind() == c10::TypeKind::TensorType ? Kind::OptionalTensorList : Kind::Unsupported;
  }
  switch (element_kind(element)) {
    case Kind::Tensor:
      return Kind::TensorList;
    case Kind::Int:
      return Kind::IntList;
    case Kind::Float:
      return Kind::FloatList;
    case Kind::Bool:
      return Kind::BoolList;
    case Kind::Scalar:
      return Kind::ScalarList;
    default:
      return Kind::Unsupported;
  }
}

Parameter parameter_of(const c10::Argument& argument) {
  c10::TypePtr type = argument.real_type();
  Parameter parameter{argument.name(), shown_name(argument.name()), Kind::Unsupported, false,
                      false,           argument.N().value_or(0)};
  if (type->kind() == c10::TypeKind::OptionalType) {
    parameter.optional = true;
    type = type->castRaw<c10::OptionalType>()->getElementType();
  }
  parameter.kind = type->kind() == c10::TypeKind::ListType ? list_kind(type->castRaw<c10::ListType>()->getElementType())
                                                           : element_kind(type);
  parameter.written = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
  return parameter;
}

/** What a returned value may be; `IValue`s of other types have no JavaScript form. */
bool can_return(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::OptionalType:
      return can_return(type->castRaw<c10::OptionalType>()->getElementType());
    case c10::TypeKind::ListType:
      return can_return(type->castRaw<c10::ListType>()->getElementType());
    case c10::TypeKind::TensorType:
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::NumberType:
    case c10::TypeKind::StringType:
    case c10::TypeKind::ScalarTypeType:
    case c10::TypeKind::QSchemeType:
      return true;
    default:
      return false;
  }
}

napi_value from_ivalue(Environment& self, const c10::IValue& value, const c10::TypePtr& type) {
  napi_env env = self.env;
  if (value.isNone()) return self.env.Null();
  if (value.isTensor()) return from_tensor(self, value.toTensor());
  if (type->kind() == c10::TypeKind::ScalarTypeType) return Napi::String::New(env, dtype_name(value.toScalarType()));
  if (type->kind() == c10::TypeKind::QSchemeType) return Napi::String::New(env, c10::toString(value.toQScheme()));
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isScalar()) return from_scalar(env, value.toScalar());
  if (value.isString()) return Napi::String::New(env, value.toStringRef());
  if (value.isTensorList()) return from_tensors(self, value.toTensorVector());
  if (value.isList()) {
    const auto list = value.toListRef();
    const c10::TypePtr element =
        type->kind() == c10::TypeKind::ListType ? type->castRaw<c10::ListType>()->getElementType() : type;
    napi_value result;
    check(env, napi_create_array_with_length(env, list.size(), &result));
    for (uint32_t i = 0; i < list.size(); ++i)
      check(env, napi_set_element(env, result, i, from_ivalue(self, list[i], element)));
    return result;
  }
  throw std::runtime_error("the result's type " + value.tagKind() + " has no JavaScript form");
}

bool is_written(const c10::Argument& result) {
  return result.alias_info() != nullptr && result.alias_info()->isWrite();
}

/** undefined stands for an argument that was written to: JavaScript hands back the object it passed. */
napi_value from_result(Environment& self, const c10::Argument& result, const c10::IValue& value) {
  return is_written(result) ? self.env.Undefined() : from_ivalue(self, value, result.real_type());
}

/** Whether a call draws from libtorch's own generator: attention without dropout need not wait for another worker's. */
bool draws_with(const Operator& op, const torch::jit::Stack& stack) {
  const auto at = [&](int index) -> const c10::IValue& { return stack[static_cast<size_t>(index)]; };
  if (op.generator_at >= 0 && !at(op.generator_at).isNone()) return false;
  return op.dropout_at < 0 || at(op.dropout_at).toDouble() != 0;
}

napi_value call_boxed(Environment& self, const Operator& op, napi_value* argv) {
  const auto& schema = op.handle.schema();
  torch::jit::Stack stack;
  stack.reserve(std::max(op.parameters.size(), schema.returns().size()));
  for (size_t i = 0; i < op.parameters.size(); ++i) {
    op.reading = i;
    const Parameter& parameter = op.parameters[i];
    if (is_given(self.env, argv[i])) {
      stack.push_back(to_ivalue(self, parameter, argv[i]));
    } else if (const auto& fallback = schema.arguments()[i].default_value()) {
      stack.push_back(*fallback);
    } else if (parameter.optional) {
      stack.emplace_back();
    } else {
      throw BadArgument("missing");
    }
  }
  op.reading = op.parameters.size();
  if (op.guard != nullptr) op.guard(op, stack);
  {
    std::optional<RandomState::Loan> loan;
    if (op.draws && draws_with(op, stack)) loan.emplace(*self.random);
    const FixedShapes shapes(op, stack);
    try {
      op.handle.callBoxed(stack);
    } catch (...) {
      shapes.restore();
      throw;
    }
  }
  const auto& returns = schema.returns();
  if (returns.empty()) return self.env.Undefined();
  if (returns.size() == 1) return from_result(self, returns[0], stack[0]);
  napi_value results;
  check(self.env, napi_create_array_with_length(self.env, returns.size(), &results));
  for (uint32_t i = 0; i < returns.size(); ++i) {
    check(self.env, napi_set_element(self.env, results, i, from_result(self, returns[i], stack[i])));
  }
  return results;
}

std::string describe_arguments(const Operator& op, napi_value* argv) {
  std::string text;
  const auto append = [&](const Parameter& parameter, const std::string& what) {
    text += (text.empty() ? " (" : ", ") + parameter.shown + ": " + what;
  };
  for (size_t i = 0; i < op.parameters.size() && text.size() < 300; ++i) {
    const Parameter& parameter = op.parameters[i];
    try {
      if (!is_given(op.self.env, argv[i])) continue;
      if (parameter.kind == Kind::Tensor) {
        append(parameter, describe(to_tensor(op.self, argv[i])));
      } else if (parameter.kind == Kind::TensorList) {
        std::string list;
        for (const at::Tensor& tensor : to_tensors(op.self, argv[i])) {
          if (list.size() < 120) list += (list.empty() ? "" : ", ") + describe(tensor);
        }
        append(parameter, "[" + list + "]");
      } else if (parameter.kind == Kind::IntList) {
        append(parameter, "[" + c10::Join(", ", to_ivalue(op.self, parameter, argv[i]).toIntVector()) + "]");
      }
    } catch (...) {
      continue;  // the message in flight matters more than its decoration
    }
  }
  return text.empty() ? text : text + ")";
}

/** The message with the arguments' names as JavaScript has them: libtorch and the guards know the schema's. */
std::string with_shown_names(const Operator& op, std::string message) {
  const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (const Parameter& parameter : op.parameters) {
    const std::string& name = parameter.name;
    if (name == parameter.shown) continue;
    for (size_t at = message.find(name); at != std::string::npos; at = message.find(name, at + 1)) {
      const size_t end = at + name.size();
      const bool whole = (at == 0 || !in_word(message[at - 1])) && (end == message.size() || !in_word(message[end]));
      if (whole) message.replace(at, name.size(), parameter.shown);
    }
  }
  return message;
}

void throw_operator_error(const Operator& op, napi_value* argv) noexcept {
  const std::string& base = op.shown;
  try {
    if (op.reading < op.parameters.size()) {
      throw_to_javascript(op.self, base + ": argument '" + op.parameters[op.reading].shown + "'");
      return;
    }
    try {
      throw;
    } catch (const JavaScriptException&) {
      throw_to_javascript(op.self, base);
    } catch (...) {
      throw_to_javascript(op.self, base + describe_arguments(op, argv),
                          [&](const std::string& message) { return with_shown_names(op, message); });
    }
  } catch (...) {
    napi_throw_error(op.self.env, nullptr, "an error could not be described");
  }
}

/** The tensors that a call reads, by handle; other numbers among its arguments do no harm. */
std::unordered_set<double> handles_in(napi_env env, const napi_value* argv, size_t argc) {
  std::unordered_set<double> handles;
  for (size_t i = 0; i < argc; ++i) {
    double handle = 0;
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    if (napi_get_value_double(env, argv[i], &handle) == napi_ok) {
      handles.insert(handle);
    } else if (napi_get_typedarray_info(env, argv[i], &type, &length, &data, nullptr, nullptr) == napi_ok &&
               type == napi_float64_array) {
      handles.insert(static_cast<const double*>(data), static_cast<const double*>(data) + length);
    }
  }
  return handles;
}

napi_value call_once(const Operator& op, napi_value* argv) {
  return op.typed ? op.typed->call(op.self, op, argv) : call_boxed(op.self, op, argv);
}

/** Where memory does not suffice, garbage goes and an operator that writes nothing is called once more. */
napi_value call_with_room(const Operator& op, napi_value* argv, size_t argc) {
  try {
    return call_once(op, argv);
  } catch (...) {
    if (!is_out_of_memory(std::current_exception())) throw;
    make_room(op.self, handles_in(op.self.env, argv, argc));
    if (op.writes) throw;
  }
  return call_once(op, argv);
}

napi_value call_operator(napi_env env, napi_callback_info info) noexcept {
  size_t argc = kMaxArguments;
  napi_value argv[kMaxArguments];
  void* data = nullptr;
  napi_get_cb_info(env, info, &argc, argv, nullptr, &data);
  const auto& op = *static_cast<const Operator*>(data);
  if (!op.unsupported.empty()) {
    throw_message(op.self, "TypeError", op.shown + ": " + op.unsupported);
    return nullptr;
  }
  try {
    return call_with_room(op, argv, std::min(argc, kMaxArguments));
  } catch (...) {
    throw_operator_error(op, argv);
    return nullptr;
  }
}

std::vector<std::unique_ptr<Operator>> find_operators(Environment& self) {
  std::vector<std::unique_ptr<Operator>> found;
  auto& dispatcher = c10::Dispatcher::singleton();
  for (const c10::OperatorName& name : dispatcher.getAllOpNames()) {
    if (name.name.rfind("aten::", 0) != 0) continue;
    const auto handle = dispatcher.findSchema(name);
    if (handle.has_value()) found.push_back(std::make_unique<Operator>(self, *handle));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
  return found;
}

const Operator& operator_at(Environment& self, napi_value index) {
  const int64_t i = to_int64(self.env, index);
  if (i < 0 || static_cast<size_t>(i) >= self.operators.size()) throw BadArgument("there is no such operator");
  return *self.operators[static_cast<size_t>(i)];
}

/** operatorNames(): `add.Tensor` and so on, sorted; the position is the operator's index. */
Napi::Value operator_names(Environment& self, const Napi::CallbackInfo&) {
  if (self.operators.empty()) self.operators = find_operators(self);
  auto result = Napi::Array::New(self.env, self.operators.size());
  for (uint32_t i = 0; i < self.operators.size(); ++i) result.Set(i, self.operators[i]->name);
  return result;
}

/** operatorSchema(index): libtorch's own text of the schema */
Napi::Value operator_schema(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::String::New(self.env, c10::toString(operator_at(self, info[0]).handle.schema()));
}

/** operatorProblem(index): why the operator cannot be called, or null */
Napi::Value operator_problem(Environment& self, const Napi::CallbackInfo& info) {
  const Operator& op = operator_at(self, info[0]);
  return op.unsupported.empty() ? self.env.Null() : Napi::String::New(self.env, op.unsupported);
}

/** operatorDraws(index): whether it may draw random numbers of libtorch's own generator */
Napi::Value operator_draws(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, operator_at(self, info[0]).draws);
}

/** operatorFunction(index): a function that takes the arguments in the schema's order */
Napi::Value operator_function(Environment& self, const Napi::CallbackInfo& info) {
  auto& op = const_cast<Operator&>(operator_at(self, info[0]));
  if (op.unsupported.empty() && op.guard == nullptr && !op.typed) op.typed = typed_call_for(op);
  // Plain Node-API from here on: this function is called more often than all else.
  napi_value function;
  check(self.env, napi_create_function(self.env, op.name.data(), op.name.size(), call_operator, &op, &function));
  return Napi::Value(self.env, function);
}

}  // namespace

Operator::Operator(Environment& self, c10::OperatorHandle handle) : self(self), handle(handle) {
  const auto& schema = handle.schema();
  name = schema.name().substr(6);  // without `aten::`
  shown = shown_name(name);
  if (!schema.overload_name().empty()) name += "." + schema.overload_name();
  for (const c10::Argument& argument : schema.arguments()) {
    const auto position = static_cast<int>(parameters.size());
    parameters.push_back(parameter_of(argument));
    writes = writes || parameters.back().written;
    if (parameters.back().kind == Kind::Generator) generator_at = position;
    const bool share = argument.name() == "dropout" || argument.name() == "dropout_p";
    if (share && parameters.back().kind == Kind::Float) dropout_at = position;
    if (parameters.back().kind == Kind::Unsupported && !parameters.back().optional) {
      unsupported =
          "argument '" + argument.name() + "' of type " + argument.real_type()->str() + " has no JavaScript form";
    }
  }
  for (const c10::Argument& result : schema.returns()) {
    if (!can_return(result.real_type()))
      unsupported = "the result's type " + result.real_type()->str() + " has no JavaScript form";
  }
  // The tag is left out of quantized layers with dropout.
  draws = handle.hasTag(at::Tag::nondeterministic_seeded) || generator_at >= 0 || dropout_at >= 0;
  guard = guard_for(name);
  if (unsupported.empty()) unsupported = refusal_of(name);
  if (parameters.size() > kMaxArguments)
    unsupported = "it takes more than " + std::to_string(kMaxArguments) + " arguments";
}

void define_operators(Napi::Object exports) {
  define<operator_names>(exports, "operatorNames");
  define<operator_schema>(exports, "operatorSchema");
  define<operator_problem>(exports, "operatorProblem");
  define<operator_draws>(exports, "operatorDraws");
  define<operator_function>(exports, "operatorFunction");
}

}  // namespace soo
