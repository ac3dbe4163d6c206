#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "environment.h"
#include "externals.h"
#include "held-memory.h"
#include "thread-count.h"
#include "values.h"

namespace soo {

namespace {

c10::Device accelerator_at(napi_env env, napi_value value) {
  const c10::Device device = to_device(env, value);
  if (device.is_cpu()) throw BadArgument("the processor has no such feature; it needs a GPU");
  if (at::getAccelerator() != device.type()) throw BadArgument("this libtorch has no device '" + device.str() + "'");
  return device.has_index() ? device : c10::Device(device.type(), at::accelerator::getDeviceIndex());
}

/** devices(): 'cpu' and every GPU */
Napi::Value devices(Environment& self, const Napi::CallbackInfo&) {
  auto result = Napi::Array::New(self.env);
  result.Set(uint32_t{0}, "cpu");
  const auto type = at::getAccelerator();
  if (!type.has_value()) return result;
  for (int i = 0; i < at::accelerator::deviceCount(); ++i) {
    const c10::Device device(*type, static_cast<c10::DeviceIndex>(i));
    result.Set(static_cast<uint32_t>(i) + 1, device.str());
  }
  return result;
}

/** outsideBackend(): what an accelerator is called whose kernels are not libtorch's own */
Napi::Value outside_backend(Environment& self, const Napi::CallbackInfo&) {
  return Napi::String::New(self.env, c10::get_privateuse1_backend());
}

/** cuda(): what this libtorch was built for (13000; 0: without CUDA), the GPUs it finds, and why it finds none */
Napi::Value cuda(Environment& self, const Napi::CallbackInfo&) {
  auto result = Napi::Object::New(self.env);
  const bool built = at::globalContext().hasCUDART();
  const int64_t devices = built ? at::detail::getCUDAHooks().deviceCount() : 0;
  std::string problem;
  if (built && devices == 0) {
    try {
      at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
    } catch (const c10::Error& error) {
      problem = error.what_without_backtrace();
    }
  }
  result.Set("version", from_int64(self.env, built ? at::globalContext().versionCUDART() : 0));
  result.Set("devices", from_int64(self.env, devices));
  result.Set("problem", problem);
  return result;
}

Napi::Value synchronize(Environment& self, const Napi::CallbackInfo& info) {
  at::accelerator::synchronizeDevice(accelerator_at(self.env, info[0]).index());
  return {};
}

/** All there is, in bytes; null where the allocator cannot tell. */
Napi::Value total_memory(Environment& self, c10::Device device) {
  try {
    return from_int64(self.env, at::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).second);
  } catch (const c10::Error&) {
    return self.env.Null();
  }
}

/** deviceMemory(device): what libtorch's caching allocator holds there, in bytes */
Napi::Value device_memory(Environment& self, const Napi::CallbackInfo& info) {
  const c10::Device device = accelerator_at(self.env, info[0]);
  const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  const auto& allocated = stats.allocated_bytes[0];
  const auto& reserved = stats.reserved_bytes[0];
  auto result = Napi::Object::New(self.env);
  result.Set("allocated", from_int64(self.env, allocated.current));
  result.Set("peak", from_int64(self.env, allocated.peak));
  result.Set("reserved", from_int64(self.env, reserved.current));
  result.Set("total", total_memory(self, device));
  return result;
}

/** freeMemory(device): bytes that tensors can still take there; null where its allocator cannot tell */
Napi::Value free_memory(Environment& self, const Napi::CallbackInfo& info) {
  const c10::Device device = accelerator_at(self.env, info[0]);
  const auto free = free_for_tensors(device);
  return free.has_value() ? from_int64(self.env, *free) : self.env.Null();
}

Napi::Value reset_peak_memory(Environment& self, const Napi::CallbackInfo& info) {
  const c10::Device device = accelerator_at(self.env, info[0]);
  at::getDeviceAllocator(device.type())->resetPeakStats(device.index());
  return {};
}

Napi::Value empty_cache(Environment& self, const Napi::CallbackInfo& info) {
  at::getDeviceAllocator(accelerator_at(self.env, info[0]).type())->emptyCache();
  return {};
}

const napi_type_tag kStreamTag = {0x736f6f5f73747265, 0x616d000000000001};
const napi_type_tag kEventTag = {0x736f6f5f6576656e, 0x7400000000000001};

c10::Stream& stream_at(const Napi::Value& value) { return external_at<c10::Stream>(value, kStreamTag, "a stream"); }
c10::Event& event_at(const Napi::Value& value) { return external_at<c10::Event>(value, kEventTag, "an event"); }

Napi::Value make_stream(Environment& self, const Napi::CallbackInfo& info) {
  const c10::Device device = accelerator_at(self.env, info[0]);
  return make_external(self.env, kStreamTag,
                       c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device));
}

Napi::Value current_stream(Environment& self, const Napi::CallbackInfo& info) {
  return make_external(self.env, kStreamTag,
                       at::accelerator::getCurrentStream(accelerator_at(self.env, info[0]).index()));
}

Napi::Value set_current_stream(Environment& self, const Napi::CallbackInfo& info) {
  at::accelerator::setCurrentStream(stream_at(info[0]));
  return {};
}

Napi::Value synchronize_stream(Environment& self, const Napi::CallbackInfo& info) {
  stream_at(info[0]).synchronize();
  return {};
}

/** makeEvent(device, timing) */
Napi::Value make_event(Environment& self, const Napi::CallbackInfo& info) {
  const c10::Device device = accelerator_at(self.env, info[0]);
  const auto flag = to_bool(self.env, info[1]) ? c10::EventFlag::BACKEND_DEFAULT : c10::EventFlag::PYTORCH_DEFAULT;
  return make_external(self.env, kEventTag, c10::Event(device.type(), flag));
}

Napi::Value record_event(Environment& self, const Napi::CallbackInfo& info) {
  event_at(info[0]).record(stream_at(info[1]));
  return {};
}

Napi::Value wait_event(Environment& self, const Napi::CallbackInfo& info) {
  event_at(info[0]).block(stream_at(info[1]));
  return {};
}

Napi::Value query_event(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, event_at(info[0]).query());
}

Napi::Value synchronize_event(Environment& self, const Napi::CallbackInfo& info) {
  event_at(info[0]).synchronize();
  return {};
}

/** elapsedTime(from, to): milliseconds */
Napi::Value elapsed_time(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Number::New(self.env, event_at(info[0]).elapsedTime(event_at(info[1])));
}

Napi::Value num_threads(Environment& self, const Napi::CallbackInfo&) {
  return from_int64(self.env, at::get_num_threads());
}

Napi::Value set_num_threads(Environment& self, const Napi::CallbackInfo& info) {
  const int64_t threads = to_int64(self.env, info[0]);
  if (threads < 1 || threads > 4096) throw BadArgument("expected 1 to 4096 threads, got " + std::to_string(threads));
  set_thread_count(static_cast<int>(threads));
  return {};
}

/** processor(): the instruction set libtorch's kernels use */
Napi::Value processor(Environment& self, const Napi::CallbackInfo&) {
  return Napi::String::New(self.env, at::get_cpu_capability());
}

}  // namespace

void define_devices(Napi::Object exports) {
  define<cuda>(exports, "cuda");
  define<devices>(exports, "devices");
  define<outside_backend>(exports, "outsideBackend");
  define<synchronize>(exports, "synchronize");
  define<device_memory>(exports, "deviceMemory");
  define<free_memory>(exports, "freeMemory");
  define<reset_peak_memory>(exports, "resetPeakMemory");
  define<empty_cache>(exports, "emptyCache");
  define<make_stream>(exports, "makeStream");
  define<current_stream>(exports, "currentStream");
  define<set_current_stream>(exports, "setCurrentStream");
  define<synchronize_stream>(exports, "synchronizeStream");
  define<make_event>(exports, "makeEvent");
  define<record_event>(exports, "recordEvent");
  define<wait_event>(exports, "waitEvent");
  define<query_event>(exports, "queryEvent");
  define<synchronize_event>(exports, "synchronizeEvent");
  define<elapsed_time>(exports, "elapsedTime");
  define<num_threads>(exports, "numThreads");
  define<set_num_threads>(exports, "setNumThreads");
  define<processor>(exports, "processor");
}

}  // namespace soo
