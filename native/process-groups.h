#pragma once

namespace soo {

struct Environment;

/** Leaves the groups of an environment that ends, whatever they wait for. */
void abandon_groups(Environment& self);

}  // namespace soo
