#include "guards/guards.h"

#include <unordered_map>

#include "guards/guarded-arguments.h"

// Most of libtorch's operators check their arguments. Those in the tables are called by other operators that have
// checked, and trust what they get: with arguments that do not fit they read or write beyond a tensor, divide by zero,
// or never end. Each guard states what the kernel takes for granted. test/fuzz/operators.test.ts found them.

namespace soo {

namespace {

/** The lists of a `_foreach_` operator go together. */
void lists_of_one_length(const Operator& op, const torch::jit::Stack& values) {
  std::optional<size_t> length;
  for (size_t i = 0; i < op.parameters.size(); ++i) {
    if (!values[i].isList()) continue;
    const size_t found = values[i].toListRef().size();
    require(!length.has_value() || *length == found, "'", op.parameters[i].name, "' must have ", length.value_or(0),
            " elements like the first list, got ", found);
    length = found;
  }
}

/** Its kernel copies without asking what kinds of tensors these are. */
void copied_lists(const Operator& op, const torch::jit::Stack& values) {
  lists_of_one_length(op, values);
  GuardedArguments(op, values).plain();
}

const std::unordered_map<std::string, Guard>& guards() {
  static const auto table = [] {
    std::unordered_map<std::string, Guard> all;
    for (const GuardTable* each : {&image_guards(), &layer_guards(), &number_guards()})
      all.insert(each->begin(), each->end());
    return all;
  }();
  return table;
}

}  // namespace

Guard guard_for(const std::string& full_name) {
  const std::string base = full_name.substr(0, full_name.find('.'));
  if (base == "_foreach_copy") return copied_lists;
  if (base.rfind("_foreach_", 0) == 0) return lists_of_one_length;
  if (base.find("upsample_") <= 1) return guards().at("upsample");
  // `div.Tensor` has no rounding that could go wrong, and is called often.
  const bool rounds = full_name.find("_mode") != std::string::npos;
  if (!rounds && (base == "div" || base == "div_" || base == "divide" || base == "divide_")) return nullptr;
  const auto found = guards().find(base);
  return found == guards().end() ? nullptr : found->second;
}

}  // namespace soo
