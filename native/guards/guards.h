#pragma once

#include <ATen/core/stack.h>

#include <string>

namespace soo {

struct Operator;

/** Throws when the arguments break what the operator's kernel takes for granted. */
using Guard = void (*)(const Operator& op, const torch::jit::Stack& arguments);

/** The check that goes before calls of this operator, or null: most operators check their arguments themselves. */
Guard guard_for(const std::string& full_name);

/** Why an operator is not offered at all, or an empty string. */
std::string refusal_of(const std::string& full_name);

}  // namespace soo
