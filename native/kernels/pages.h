#pragma once

#include <cstddef>

namespace soo {

/**
 * Gives back the memory of pages between `begin` and `begin + bytes` that are as they are in a file, from which they
 * come again when they are needed. Pages that were written to stay.
 */
void release_clean_pages(const void* begin, size_t bytes);

}  // namespace soo
