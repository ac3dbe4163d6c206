// Collectives between GPUs by libtorch's own NCCL backend. A library of its own, built where the headers of CUDA and
// NCCL are (scripts/compile-cuda.js) and opened before the addon, which carries tensors through the processor where it
// is missing.

#include "cuda/nccl.h"

#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <utility>

namespace soo {

namespace {

/** Else a watchdog ends the process when a rank is lost, instead of an error that says so. Set while libraries are
 * opened, as the environment may not be written beside other threads. */
__attribute__((constructor)) void wait_for_collectives() { setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 0); }

}  // namespace

__attribute__((visibility("default"))) c10::intrusive_ptr<c10d::Backend> make_nccl(
    c10::intrusive_ptr<c10d::Store> store, int rank, int size, std::chrono::milliseconds timeout) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(std::move(store), rank, size, std::move(options));
}

}  // namespace soo
