#pragma once

#include <cstdint>
#include <vector>

namespace soo {

/** Forgets tickets that nobody collected. */
void drop_tickets(const std::vector<uint64_t>& tickets);

}  // namespace soo
