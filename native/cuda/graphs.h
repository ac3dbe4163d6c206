#pragma once

#include <c10/core/Device.h>

#include <memory>

namespace soo {

/** What was queued on a stream, recorded to be launched as one. */
class CudaGraph {
 public:
  virtual ~CudaGraph() = default;
  /** Ends recording, on the stream where it began. */
  virtual void end() = 0;
  /** Queues everything recorded on the current stream. */
  virtual void replay() = 0;
};

/** Begins recording what this thread queues on a GPU's current stream, which must not be its default one. */
std::unique_ptr<CudaGraph> begin_cuda_graph(c10::Device device);

}  // namespace soo
