#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/stack.h>
#include <c10/util/StringUtil.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "operators.h"

namespace soo {

using Names = std::initializer_list<const char*>;

/** An operator's arguments by name, with the conditions that guards are made of. What fails throws. */
class GuardedArguments {
 public:
  GuardedArguments(const Operator& op, const torch::jit::Stack& values) : op_(op), values_(values) {}

  bool has(const char* name) const;    // given, and no None
  bool takes(const char* name) const;  // the operator has such an argument
  at::Tensor tensor(const char* name) const;
  size_t length(const char* name) const;
  std::vector<at::Tensor> tensors(const char* name) const;
  int64_t integer(const char* name) const;
  double number(const char* name) const;
  c10::Scalar scalar(const char* name) const;
  bool boolean(const char* name) const;
  bool is_tensor(const char* name) const;
  bool on_meta() const;                      // one of the tensors has no data
  std::string text(const char* name) const;  // empty if not given
  std::vector<int64_t> integers(const char* name) const;
  std::vector<double> numbers(const char* name) const;  // empty if not given
  c10::ScalarType dtype(const char* name) const;

  /** Every tensor lies in memory as it is: strided, with elements of its own, not quantised. */
  void dense() const;
  /** Dense, and all on one device. */
  void plain() const;
  void floating(Names names) const;
  void same_dtype(Names names) const;
  /** The dtype of `input`, or float32 beside a half-precision input. */
  void parameter_dtype(const char* input, Names names) const;
  void same_shape(Names names) const;
  void dims(const char* name, int64_t least, int64_t most) const;
  void shape(const char* name, const std::vector<int64_t>& wanted) const;
  void count(const char* name, int64_t elements) const;
  void no_empty(Names names) const;
  /** `name` counts a dimension of `of`, from the front or the back; returns it from the front. */
  int64_t dimension(const char* name, const char* of) const;
  /** Every element is from `least` to below `end`. */
  void within(const char* name, int64_t least, int64_t end) const;

 private:
  const c10::IValue& value(const char* name) const;
  template <class Look>
  void each_tensor(Look look) const;

  const Operator& op_;
  const torch::jit::Stack& values_;
};

/** Throws unless `condition` holds; the message is only put together then. */
template <class... Parts>
void require(bool condition, const Parts&... parts) {
  if (!condition) throw std::runtime_error(c10::str(parts...));
}

/** Every element is from `least` to below `end`; `name` is for the message. */
void require_within(const char* name, const at::Tensor& tensor, int64_t least, int64_t end);

inline std::vector<int64_t> sizes_of(const GuardedArguments& a, const char* name) {
  return a.tensor(name).sizes().vec();
}

/** A check of arguments as the guard that an operator has. */
template <auto check>
void guard(const Operator& op, const torch::jit::Stack& values) {
  check(GuardedArguments(op, values));
}

/** Guards by the names of operators without their overloads. */
using GuardTable = std::unordered_map<std::string, Guard>;
const GuardTable& image_guards();
const GuardTable& layer_guards();
const GuardTable& number_guards();

}  // namespace soo
