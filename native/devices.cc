#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "environment.h"
#include "values.h"

namespace soo {

namespace {

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  check(env, napi_set_named_property(env, object, name, value));
}

c10::Device accelerator_at(napi_env env, napi_value value) {
  const c10::Device device = to_device(env, value);
  if (device.is_cpu()) throw BadArgument("the processor has no such feature; it needs a GPU");
  if (at::getAccelerator() != device.type()) throw BadArgument("this libtorch has no device '" + device.str() + "'");
  return device.has_index() ? device : c10::Device(device.type(), at::accelerator::getDeviceIndex());
}

/** devices(): 'cpu' and every GPU */
napi_value devices(Environment&, napi_env env, size_t, napi_value*) {
  napi_value result;
  check(env, napi_create_array(env, &result));
  check(env, napi_set_element(env, result, 0, from_string(env, "cpu")));
  const auto type = at::getAccelerator();
  if (!type.has_value()) return result;
  for (int i = 0; i < at::accelerator::deviceCount(); ++i) {
    const c10::Device device(*type, static_cast<c10::DeviceIndex>(i));
    check(env, napi_set_element(env, result, static_cast<uint32_t>(i) + 1, from_string(env, device.str())));
  }
  return result;
}

napi_value synchronize(Environment&, napi_env env, size_t, napi_value* argv) {
  at::accelerator::synchronizeDevice(accelerator_at(env, argv[0]).index());
  return nullptr;
}

/** deviceMemory(device): what libtorch's caching allocator holds there, in bytes */
napi_value device_memory(Environment&, napi_env env, size_t, napi_value* argv) {
  const c10::Device device = accelerator_at(env, argv[0]);
  const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  const auto& allocated = stats.allocated_bytes[0];
  const auto& reserved = stats.reserved_bytes[0];
  napi_value result;
  check(env, napi_create_object(env, &result));
  set(env, result, "allocated", from_int64(env, allocated.current));
  set(env, result, "peak", from_int64(env, allocated.peak));
  set(env, result, "reserved", from_int64(env, reserved.current));
  return result;
}

napi_value reset_peak_memory(Environment&, napi_env env, size_t, napi_value* argv) {
  const c10::Device device = accelerator_at(env, argv[0]);
  at::getDeviceAllocator(device.type())->resetPeakStats(device.index());
  return nullptr;
}

napi_value empty_cache(Environment&, napi_env env, size_t, napi_value* argv) {
  at::getDeviceAllocator(accelerator_at(env, argv[0]).type())->emptyCache();
  return nullptr;
}

// Streams and events are JavaScript externals with a type tag: no number that JavaScript makes up reaches a pointer.
const napi_type_tag kStreamTag = {0x736f6f5f73747265, 0x616d000000000001};
const napi_type_tag kEventTag = {0x736f6f5f6576656e, 0x7400000000000001};

template <class T>
napi_value make_external(napi_env env, const napi_type_tag& tag, T&& value) {
  auto* owned = new T(std::forward<T>(value));
  napi_value external;
  const auto finalise = [](napi_env, void* data, void*) { delete static_cast<T*>(data); };
  if (napi_create_external(env, owned, finalise, nullptr, &external) != napi_ok) {
    delete owned;
    throw BadArgument("the object could not be made");
  }
  check(env, napi_type_tag_object(env, external, &tag));
  return external;
}

template <class T>
T& external_at(napi_env env, napi_value value, const napi_type_tag& tag, const char* wanted) {
  napi_valuetype type;
  bool matches = false;
  void* data = nullptr;
  check(env, napi_typeof(env, value, &type));
  if (type == napi_external) check(env, napi_check_object_type_tag(env, value, &tag, &matches));
  if (!matches) throw BadArgument(std::string("expected ") + wanted);
  check(env, napi_get_value_external(env, value, &data));
  return *static_cast<T*>(data);
}

c10::Stream& stream_at(napi_env env, napi_value value) { return external_at<c10::Stream>(env, value, kStreamTag, "a stream"); }
c10::Event& event_at(napi_env env, napi_value value) { return external_at<c10::Event>(env, value, kEventTag, "an event"); }

napi_value make_stream(Environment&, napi_env env, size_t, napi_value* argv) {
  const c10::Device device = accelerator_at(env, argv[0]);
  return make_external(env, kStreamTag, c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device));
}

napi_value current_stream(Environment&, napi_env env, size_t, napi_value* argv) {
  return make_external(env, kStreamTag, at::accelerator::getCurrentStream(accelerator_at(env, argv[0]).index()));
}

napi_value set_current_stream(Environment&, napi_env env, size_t, napi_value* argv) {
  at::accelerator::setCurrentStream(stream_at(env, argv[0]));
  return nullptr;
}

napi_value synchronize_stream(Environment&, napi_env env, size_t, napi_value* argv) {
  stream_at(env, argv[0]).synchronize();
  return nullptr;
}

/** makeEvent(device, timing) */
napi_value make_event(Environment&, napi_env env, size_t, napi_value* argv) {
  const c10::Device device = accelerator_at(env, argv[0]);
  const auto flag = to_bool(env, argv[1]) ? c10::EventFlag::BACKEND_DEFAULT : c10::EventFlag::PYTORCH_DEFAULT;
  return make_external(env, kEventTag, c10::Event(device.type(), flag));
}

napi_value record_event(Environment&, napi_env env, size_t, napi_value* argv) {
  event_at(env, argv[0]).record(stream_at(env, argv[1]));
  return nullptr;
}

napi_value wait_event(Environment&, napi_env env, size_t, napi_value* argv) {
  event_at(env, argv[0]).block(stream_at(env, argv[1]));
  return nullptr;
}

napi_value query_event(Environment&, napi_env env, size_t, napi_value* argv) { return from_bool(env, event_at(env, argv[0]).query()); }

napi_value synchronize_event(Environment&, napi_env env, size_t, napi_value* argv) {
  event_at(env, argv[0]).synchronize();
  return nullptr;
}

/** elapsedTime(from, to): milliseconds */
napi_value elapsed_time(Environment&, napi_env env, size_t, napi_value* argv) {
  return from_double(env, event_at(env, argv[0]).elapsedTime(event_at(env, argv[1])));
}

napi_value num_threads(Environment&, napi_env env, size_t, napi_value*) { return from_int64(env, at::get_num_threads()); }

napi_value set_num_threads(Environment&, napi_env env, size_t, napi_value* argv) {
  const int64_t threads = to_int64(env, argv[0]);
  if (threads < 1 || threads > 4096) throw BadArgument("expected 1 to 4096 threads, got " + std::to_string(threads));
  at::set_num_threads(static_cast<int>(threads));
  return nullptr;
}

/** processor(): the instruction set libtorch's kernels use */
napi_value processor(Environment&, napi_env env, size_t, napi_value*) { return from_string(env, at::get_cpu_capability()); }

}  // namespace

void define_devices(napi_env env, napi_value exports) {
  define<devices>(env, exports, "devices");
  define<synchronize>(env, exports, "synchronize");
  define<device_memory>(env, exports, "deviceMemory");
  define<reset_peak_memory>(env, exports, "resetPeakMemory");
  define<empty_cache>(env, exports, "emptyCache");
  define<make_stream>(env, exports, "makeStream");
  define<current_stream>(env, exports, "currentStream");
  define<set_current_stream>(env, exports, "setCurrentStream");
  define<synchronize_stream>(env, exports, "synchronizeStream");
  define<make_event>(env, exports, "makeEvent");
  define<record_event>(env, exports, "recordEvent");
  define<wait_event>(env, exports, "waitEvent");
  define<query_event>(env, exports, "queryEvent");
  define<synchronize_event>(env, exports, "synchronizeEvent");
  define<elapsed_time>(env, exports, "elapsedTime");
  define<num_threads>(env, exports, "numThreads");
  define<set_num_threads>(env, exports, "setNumThreads");
  define<processor>(env, exports, "processor");
}

}  // namespace soo
