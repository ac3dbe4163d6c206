#pragma once

#include <exception>
#include <string>
#include <unordered_set>

#include "environment.h"

namespace soo {

/** How libtorch's allocator for the processor begins its message; its exception has no class of its own. */
extern const char kNoMemory[];

/** Whether this says that memory did not suffice. */
bool is_out_of_memory(const std::exception_ptr& error);

/** Frees the garbage that JavaScript has left, but for tensors whose handles a call in progress reads. */
void make_room(Environment& self, const std::unordered_set<double>& reading = {});

/** Does `work`; where memory does not suffice, frees garbage and does it once more. `work` changes nothing it finds. */
template <class Work>
auto with_room(Environment& self, const Work& work) {
  try {
    return work();
  } catch (...) {
    if (!is_out_of_memory(std::current_exception())) throw;
  }
  make_room(self);
  return work();
}

}  // namespace soo
