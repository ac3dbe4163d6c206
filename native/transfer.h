#pragma once

#include "environment.h"

namespace soo {

/** Frees the tensors that an ending environment has shared and nobody has collected. */
void withdraw_all(const Environment& sender);

}  // namespace soo
