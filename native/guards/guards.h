#pragma once

#include <string>

#include "operators.h"

namespace soo {

/** The check that goes before calls of this operator, or null: most operators check their arguments themselves. */
Guard guard_for(const std::string& full_name);

/** Why an operator is not offered at all, or an empty string. */
std::string refusal_of(const std::string& full_name);

}  // namespace soo
