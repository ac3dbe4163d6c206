// Captured graphs by libtorch's own class for them. A library of its own, built where CUDA's headers are
// (scripts/compile-cuda.js) and opened before the addon, which does without graphs where it is missing.

#include "cuda/graphs.h"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <optional>

namespace soo {

namespace {

class LibtorchGraph final : public CudaGraph {
 public:
  /** The device is the current one then. */
  LibtorchGraph() : device_(c10::cuda::current_device()), pool_(at::cuda::graph_pool_handle()) {
    // Other threads may go on using the device.
    graph_.capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    recording_ = true;
  }

  ~LibtorchGraph() override {
    if (recording_) abandon();
  }

  void end() override {
    const c10::cuda::CUDAGuard on(device_);
    recording_ = false;
    try {
      graph_.capture_end();
    } catch (...) {
      release();
      throw;
    }
  }

  void replay() override { graph_.replay(); }

 private:
  void abandon() noexcept {
    try {
      const c10::cuda::CUDAGuard on(device_);
      graph_.capture_end();
    } catch (...) {
      release();
    }
  }

  /** Some releases of libtorch leave the allocator recording when a capture has failed, and others end that themselves.
   */
  void release() noexcept {
    const auto tried = [](auto&& work) {
      try {
        work();
      } catch (...) {
        // There was nothing left to end.
      }
    };
    tried([&] { graph_.reset(); });
    tried([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(device_, pool_); });
    tried([&] { c10::cuda::CUDACachingAllocator::releasePool(device_, pool_); });
  }

  const c10::DeviceIndex device_;
  const at::cuda::MempoolId_t pool_;
  at::cuda::CUDAGraph graph_;
  bool recording_ = false;
};

}  // namespace

__attribute__((visibility("default"))) std::unique_ptr<CudaGraph> begin_cuda_graph(c10::Device device) {
  const c10::cuda::OptionalCUDAGuard on(device.has_index() ? std::make_optional(device) : std::nullopt);
  return std::make_unique<LibtorchGraph>();
}

}  // namespace soo
