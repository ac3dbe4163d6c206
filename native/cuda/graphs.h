#pragma once

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

/** Begins recording what this thread queues on its current stream, which must not be the device's default one. */
std::unique_ptr<CudaGraph> begin_cuda_graph();

}  // namespace soo
