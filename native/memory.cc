#include "environment.h"
#include "safety-net.h"
#include "values.h"

namespace soo {

namespace {

napi_value enter_scope(Environment& self, napi_env env, size_t, napi_value*) {
  return from_int64(env, static_cast<int64_t>(self.tensors.enter()));
}

/** leaveScope(level, Float64Array of handles that outlive it) */
napi_value leave_scope(Environment& self, napi_env env, size_t, napi_value* argv) {
  const int64_t level = to_int64(env, argv[0]);
  if (level < 1) throw BadArgument("a scope's level starts at 1");
  self.tensors.leave(static_cast<size_t>(level), is_missing(env, argv[1]) ? std::vector<double>() : to_handles(env, argv[1]));
  return nullptr;
}

napi_value dispose(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_bool(env, self.tensors.release(to_double(env, argv[0])));
}

napi_value is_live(Environment& self, napi_env env, size_t, napi_value* argv) {
  return from_bool(env, self.tensors.live(to_double(env, argv[0])));
}

napi_value keep(Environment& self, napi_env env, size_t, napi_value* argv) {
  self.tensors.keep(to_double(env, argv[0]));
  return nullptr;
}

/** lift(handle, level): the tensor outlives the scopes inside the scope `level` */
napi_value lift(Environment& self, napi_env env, size_t, napi_value* argv) {
  const int64_t level = to_int64(env, argv[1]);
  if (level < 0) throw BadArgument("a scope's level starts at 1, and 0 stands for no scope");
  self.tensors.lift(to_double(env, argv[0]), static_cast<size_t>(level));
  return nullptr;
}

/** watch(object, handle): frees the tensor once the object is collected */
napi_value watch(Environment& self, napi_env env, size_t, napi_value* argv) {
  napi_valuetype type;
  check(env, napi_typeof(env, argv[0], &type));
  if (type != napi_object) throw BadArgument("expected an object to watch");
  self.safety_net->watch(argv[0], to_double(env, argv[1]));
  return nullptr;
}

napi_value sweep(Environment& self, napi_env, size_t, napi_value*) {
  self.safety_net->sweep();
  return nullptr;
}

napi_value memory(Environment& self, napi_env env, size_t, napi_value*) {
  napi_value result;
  check(env, napi_create_object(env, &result));
  check(env, napi_set_named_property(env, result, "tensors", from_int64(env, static_cast<int64_t>(self.tensors.live_count()))));
  check(env, napi_set_named_property(env, result, "bytes", from_int64(env, static_cast<int64_t>(self.tensors.bytes()))));
  return result;
}

}  // namespace

void define_memory(napi_env env, napi_value exports) {
  define<enter_scope>(env, exports, "enterScope");
  define<leave_scope>(env, exports, "leaveScope");
  define<dispose>(env, exports, "dispose");
  define<is_live>(env, exports, "isLive");
  define<keep>(env, exports, "keep");
  define<lift>(env, exports, "lift");
  define<watch>(env, exports, "watch");
  define<sweep>(env, exports, "sweep");
  define<memory>(env, exports, "memory");
}

}  // namespace soo
