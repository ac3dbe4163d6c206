#include "precision.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

#include <string>

#include "environment.h"
#include "values.h"

namespace soo {

namespace {

bool allows_tf32() { return at::globalContext().allowTF32CuBLAS() || at::globalContext().allowTF32CuDNN(); }

void set_tf32(bool on) {
  at::globalContext().setAllowTF32CuBLAS(on);
  at::globalContext().setAllowTF32CuDNN(on);
}

/** allowTf32(): whether products of float32 on CUDA may be computed of TF32, in the whole process */
Napi::Value allow_tf32(Environment& self, const Napi::CallbackInfo&) {
  return Napi::Boolean::New(self.env, allows_tf32());
}

Napi::Value set_allow_tf32(Environment& self, const Napi::CallbackInfo& info) {
  set_tf32(to_bool(self.env, info[0]));
  return {};
}

/** setAutocast(device, dtype): what operators of that kind of device cast to in this thread; null: they cast nothing */
Napi::Value set_autocast(Environment& self, const Napi::CallbackInfo& info) {
  const c10::DeviceType type = to_device(self.env, info[0]).type();
  if (is_missing(self.env, info[1])) {
    at::autocast::set_autocast_enabled(type, false);
    return {};
  }
  at::autocast::set_autocast_dtype(type, to_dtype(self.env, info[1]));
  at::autocast::set_autocast_enabled(type, true);
  return {};
}

/** clearAutocastCache(): forgets what weights were cast to, so that nothing is taken over into another scope */
Napi::Value clear_autocast_cache(Environment&, const Napi::CallbackInfo&) {
  at::autocast::clear_cache();
  return {};
}

}  // namespace

void forbid_tf32_once() { [[maybe_unused]] static const bool done = (set_tf32(false), true); }

void define_precision(Napi::Object exports) {
  define<allow_tf32>(exports, "allowTf32");
  define<set_allow_tf32>(exports, "setAllowTf32");
  define<set_autocast>(exports, "setAutocast");
  define<clear_autocast_cache>(exports, "clearAutocastCache");
}

}  // namespace soo
