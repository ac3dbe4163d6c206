#include "environment.h"
#include "safety-net.h"
#include "values.h"

namespace soo {

namespace {

Napi::Value enter_scope(Environment& self, const Napi::CallbackInfo&) {
  return from_int64(self.env, static_cast<int64_t>(self.tensors.enter()));
}

/** leaveScope(level, Float64Array of handles that outlive it) */
Napi::Value leave_scope(Environment& self, const Napi::CallbackInfo& info) {
  const int64_t level = to_int64(self.env, info[0]);
  if (level < 1) throw BadArgument("a scope's level starts at 1");
  self.tensors.leave(static_cast<size_t>(level),
                     is_missing(self.env, info[1]) ? std::vector<double>() : to_handles(self.env, info[1]));
  return {};
}

Napi::Value dispose(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, self.tensors.release(to_double(self.env, info[0])));
}

Napi::Value is_live(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, self.tensors.live(to_double(self.env, info[0])));
}

Napi::Value keep(Environment& self, const Napi::CallbackInfo& info) {
  self.tensors.keep(to_double(self.env, info[0]));
  return {};
}

/** lift(handle, level): the tensor outlives the scopes inside the scope `level` */
Napi::Value lift(Environment& self, const Napi::CallbackInfo& info) {
  const int64_t level = to_int64(self.env, info[1]);
  if (level < 0) throw BadArgument("a scope's level starts at 1, and 0 stands for no scope");
  self.tensors.lift(to_double(self.env, info[0]), static_cast<size_t>(level));
  return {};
}

/** watch(object, handle): frees the tensor once the object is collected */
Napi::Value watch(Environment& self, const Napi::CallbackInfo& info) {
  if (info[0].Type() != napi_object) throw BadArgument("expected an object to watch");
  self.safety_net->watch(info[0].As<Napi::Object>(), to_double(self.env, info[1]));
  return {};
}

Napi::Value sweep(Environment& self, const Napi::CallbackInfo&) {
  self.safety_net->sweep();
  return {};
}

Napi::Value memory(Environment& self, const Napi::CallbackInfo&) {
  auto result = Napi::Object::New(self.env);
  result.Set("tensors", from_int64(self.env, static_cast<int64_t>(self.tensors.live_count())));
  result.Set("bytes", from_int64(self.env, static_cast<int64_t>(self.tensors.bytes())));
  return result;
}

}  // namespace

void define_memory(Napi::Object exports) {
  define<enter_scope>(exports, "enterScope");
  define<leave_scope>(exports, "leaveScope");
  define<dispose>(exports, "dispose");
  define<is_live>(exports, "isLive");
  define<keep>(exports, "keep");
  define<lift>(exports, "lift");
  define<watch>(exports, "watch");
  define<sweep>(exports, "sweep");
  define<memory>(exports, "memory");
}

}  // namespace soo
