#pragma once

#include <cstdint>

namespace standin {

/** Ends the process with one line when an address in `count` ranges of `size` bytes is touched while it is closed. */
void watch_range(const char* begin, int64_t size, int count);

/** Notes the operators that each thread is in, so that the line can name the innermost one. */
void note_operators();

}  // namespace standin
