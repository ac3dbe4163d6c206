#include <napi.h>

#include "counters.h"
#include "current-device.h"
#include "faults.h"
#include "memory.h"
#include "planted.h"

// A pretend accelerator with two devices, `standin:0` and `standin:1`, for tests on machines without a real one. Their
// memory is the host's, but closed to it: only a kernel, while it runs, may touch what it was given. Loading this
// registers the devices in the process, for good.

namespace standin {

namespace {

Napi::Value count(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, int64_t value) { result.Set(name, static_cast<double>(value)); };
  set("numbers", counters().numbers);
  set("copies", counters().copies);
  set("sizes", counters().sizes);
  set("bytes", counters().bytes);
  return result;
}

/** setLimit(device, bytes) */
Napi::Value limit(const Napi::CallbackInfo& info) {
  set_limit(info[0].ToNumber().Int32Value(), info[1].ToNumber().Int64Value());
  return {};
}

template <void (*work)()>
Napi::Value plant(const Napi::CallbackInfo&) {
  work();
  return {};
}

/** touch(device): reads its memory where no operator runs */
Napi::Value touch(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), *first_byte(info[0].ToNumber().Int32Value()));
}

Napi::Object begin(Napi::Env env, Napi::Object exports) {
  static const bool once = [] {
    register_devices();
    note_operators();
    watch_for_faults();
    return true;
  }();
  exports.Set("registered", Napi::Boolean::New(env, once));
  exports.Set("counters", Napi::Function::New(env, &count));
  exports.Set("setLimit", Napi::Function::New(env, &limit));
  exports.Set("plantPeek", Napi::Function::New(env, &plant<plant_peek>));
  exports.Set("plantStay", Napi::Function::New(env, &plant<plant_stay>));
  exports.Set("touch", Napi::Function::New(env, &touch));
  return exports;
}

}  // namespace

NODE_API_MODULE(stand_in, begin)

}  // namespace standin
