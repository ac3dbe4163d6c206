#pragma once

#include <ATen/ThreadLocalState.h>
#include <c10/core/Stream.h>

#include <functional>
#include <vector>

namespace soo {

/** What a thread that runs the engine takes over from the one that asked for it. */
class EngineThreadState {
 public:
  /** Of this thread. */
  EngineThreadState();
  /** Does `work` with this state, and puts back what was there but for the number of threads. */
  void use(const std::function<void()>& work) const;

 private:
  at::ThreadLocalState local_;
  int threads_;
  std::vector<c10::Stream> streams_;  // the current ones of the accelerator's devices
};

}  // namespace soo
