#include "engine-thread-state.h"

#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>

#include "thread-count.h"

namespace soo {

namespace {

std::vector<c10::Stream> current_streams() {
  std::vector<c10::Stream> streams;
  if (!at::getAccelerator().has_value()) return streams;
  for (c10::DeviceIndex device = 0; device < at::accelerator::deviceCount(); ++device)
    streams.push_back(at::accelerator::getCurrentStream(device));
  return streams;
}

struct StreamsGuard {
  explicit StreamsGuard(const std::vector<c10::Stream>& streams) {
    for (const c10::Stream& stream : streams) {
      before.push_back(at::accelerator::getCurrentStream(stream.device_index()));
      at::accelerator::setCurrentStream(stream);
    }
  }
  ~StreamsGuard() {
    for (const c10::Stream& stream : before) at::accelerator::setCurrentStream(stream);
  }
  std::vector<c10::Stream> before;
};

}  // namespace

EngineThreadState::EngineThreadState() : threads_(at::get_num_threads()), streams_(current_streams()) {}

void EngineThreadState::use(const std::function<void()>& work) const {
  const at::ThreadLocalStateGuard local(local_);
  const StreamsGuard streams(streams_);
  if (at::get_num_threads() != threads_) set_thread_count(threads_);
  work();
}

}  // namespace soo
