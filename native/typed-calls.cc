#include <cmath>
#include <functional>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "operators.h"
#include "values.h"

// The signatures that occur often get a typed call: no boxed stack is built, and tensors are passed by reference.
// bench/run.ts measures what a call costs.

namespace soo {

namespace {

/** Reads one argument as the C++ type the kernel takes, and names that type in a signature's key. */
template <class T>
struct Read;

template <>
struct Read<const at::Tensor&> {
  static constexpr char key = 'T';
  static const at::Tensor& get(Environment& self, const Operator&, size_t, napi_value value) {
    double handle = 0;
    if (napi_get_value_double(self.env, value, &handle) != napi_ok) throw BadArgument("expected a tensor");
    return self.tensors.get(handle);
  }
};

template <>
struct Read<at::Tensor&> {
  static constexpr char key = 'W';
  static at::Tensor& get(Environment& self, const Operator& op, size_t i, napi_value value) {
    return const_cast<at::Tensor&>(require_writable(Read<const at::Tensor&>::get(self, op, i, value)));
  }
};

template <>
struct Read<const std::optional<at::Tensor>&> {
  static constexpr char key = 't';
  static std::optional<at::Tensor> get(Environment& self, const Operator&, size_t, napi_value value) {
    return is_given(self.env, value) ? std::optional<at::Tensor>(to_tensor(self, value)) : std::nullopt;
  }
};

const c10::IValue& fallback_of(const Operator& op, size_t i) {
  const auto& fallback = op.handle.schema().arguments()[i].default_value();
  if (!fallback.has_value()) throw BadArgument("missing");
  return *fallback;
}

template <>
struct Read<const at::Scalar&> {
  static constexpr char key = 'S';
  static at::Scalar get(Environment& self, const Operator& op, size_t i, napi_value value) {
    return is_given(self.env, value) ? to_scalar(self.env, value) : fallback_of(op, i).toScalar();
  }
};

template <>
struct Read<int64_t> {
  static constexpr char key = 'I';
  static int64_t get(Environment& self, const Operator& op, size_t i, napi_value value) {
    return is_given(self.env, value) ? to_int64(self.env, value) : fallback_of(op, i).toInt();
  }
};

template <>
struct Read<double> {
  static constexpr char key = 'D';
  static double get(Environment& self, const Operator& op, size_t i, napi_value value) {
    return is_given(self.env, value) ? to_double(self.env, value) : fallback_of(op, i).toDouble();
  }
};

template <>
struct Read<bool> {
  static constexpr char key = 'B';
  static bool get(Environment& self, const Operator& op, size_t i, napi_value value) {
    return is_given(self.env, value) ? to_bool(self.env, value) : fallback_of(op, i).toBool();
  }
};

template <>
struct Read<std::optional<at::ScalarType>> {
  static constexpr char key = 'd';
  static std::optional<at::ScalarType> get(Environment& self, const Operator&, size_t, napi_value value) {
    return is_given(self.env, value) ? std::optional<at::ScalarType>(to_dtype(self.env, value)) : std::nullopt;
  }
};

/** The key letter of a parameter as the schema has it; 0 if no typed call reads it. */
char key_of(const Parameter& parameter, const c10::Argument& argument) {
  switch (parameter.kind) {
    case Kind::Tensor:
      if (parameter.optional) return parameter.written ? 0 : 't';
      return parameter.written ? 'W' : 'T';
    case Kind::Scalar:
      return parameter.optional ? 0 : 'S';
    case Kind::Int:
      return parameter.optional || argument.real_type()->kind() != c10::TypeKind::IntType ? 0 : 'I';
    case Kind::Float:
      return parameter.optional ? 0 : 'D';
    case Kind::Bool:
      return parameter.optional ? 0 : 'B';
    case Kind::Dtype:
      return parameter.optional ? 'd' : 0;
    default:
      return 0;
  }
}

template <class R>
struct Result;

template <>
struct Result<at::Tensor> {
  static constexpr char key = 'T';
  static napi_value give(Environment& self, at::Tensor&& tensor) { return from_tensor(self, std::move(tensor)); }
};

template <>
struct Result<at::Tensor&> {
  static constexpr char key = 'W';
  static napi_value give(Environment&, at::Tensor&) { return nullptr; }  // JavaScript has the object already
};

template <class Signature>
class Call;

template <class R, class... Args>
class Call<R(Args...)> : public TypedCall {
 public:
  explicit Call(const Operator& op) : handle_(op.handle.typed<R(Args...)>()) {}

  napi_value call(Environment& self, const Operator& op, napi_value* argv) override {
    return run(self, op, argv, std::index_sequence_for<Args...>());
  }

  static std::string key() { return std::string{Read<Args>::key...} + '>' + Result<R>::key; }

 private:
  template <class T>
  static decltype(auto) read(Environment& self, const Operator& op, size_t i, napi_value value) {
    op.reading = i;
    return Read<T>::get(self, op, i, value);
  }

  template <size_t... I>
  napi_value run(Environment& self, const Operator& op, napi_value* argv, std::index_sequence<I...>) {
    // A braced list reads the arguments in order, so that an error names the first bad one.
    std::tuple<decltype(Read<Args>::get(self, op, I, argv[I]))...> values{read<Args>(self, op, I, argv[I])...};
    op.reading = op.parameters.size();
    std::optional<RandomState::Loan> loan;
    if (op.draws) loan.emplace(*self.random);
    return Result<R>::give(self, handle_.call(std::get<I>(values)...));
  }

  c10::TypedOperatorHandle<R(Args...)> handle_;
};

using Factory = std::unique_ptr<TypedCall> (*)(const Operator&);

template <class Signature>
std::pair<const std::string, Factory> entry() {
  return {Call<Signature>::key(),
          [](const Operator& op) -> std::unique_ptr<TypedCall> { return std::make_unique<Call<Signature>>(op); }};
}

const std::unordered_map<std::string, Factory>& factories() {
  using T = at::Tensor;
  using In = const at::Tensor&;
  using Out = at::Tensor&;
  using S = const at::Scalar&;
  using Optional = const std::optional<at::Tensor>&;
  using Dtype = std::optional<at::ScalarType>;
  static const std::unordered_map<std::string, Factory> table{
      entry<T(In)>(),
      entry<T(In, In)>(),
      entry<T(In, In, In)>(),
      entry<T(In, In, In, In)>(),
      entry<T(In, S)>(),
      entry<T(In, In, S)>(),
      entry<T(In, S, S)>(),
      entry<T(In, In, In, S)>(),
      entry<T(S, In)>(),
      entry<T(In, int64_t)>(),
      entry<T(In, int64_t, In)>(),
      entry<T(In, int64_t, int64_t)>(),
      entry<T(In, In, int64_t)>(),
      entry<T(In, bool)>(),
      entry<T(In, In, bool)>(),
      entry<T(In, double, bool)>(),
      entry<T(In, Dtype)>(),
      entry<T(In, int64_t, Dtype)>(),
      entry<T(In, int64_t, bool)>(),
      entry<T(In, In, S, S)>(),
      entry<T(In, In, In, S, S)>(),
      entry<T(In, In, Optional)>(),
      entry<Out(Out)>(),
      entry<Out(Out, In)>(),
      entry<Out(Out, In, In)>(),
      entry<Out(Out, S)>(),
      entry<Out(Out, In, S)>(),
      entry<Out(Out, S, S)>(),
      entry<Out(Out, In, In, S)>(),
      entry<Out(Out, In, bool)>(),
  };
  return table;
}

}  // namespace

std::unique_ptr<TypedCall> typed_call_for(const Operator& op) {
  const auto& schema = op.handle.schema();
  if (schema.returns().size() != 1 || schema.returns()[0].real_type()->kind() != c10::TypeKind::TensorType)
    return nullptr;
  std::string key;
  for (size_t i = 0; i < op.parameters.size(); ++i) {
    const char letter = key_of(op.parameters[i], schema.arguments()[i]);
    if (letter == 0) return nullptr;
    key += letter;
  }
  const auto* alias = schema.returns()[0].alias_info();
  key += alias != nullptr && alias->isWrite() ? ">W" : ">T";
  const auto found = factories().find(key);
  if (found == factories().end()) return nullptr;
  try {
    return found->second(op);
  } catch (const c10::Error&) {
    return nullptr;  // the kernel's C++ signature is not the schema's usual one: call it boxed
  }
}

}  // namespace soo
