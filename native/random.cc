#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <mutex>

#include "environment.h"
#include "values.h"

namespace soo {

namespace {

const at::Generator& default_generator(c10::Device device) { return at::globalContext().defaultGenerator(device); }

uint64_t to_seed(napi_env env, napi_value value) { return static_cast<uint64_t>(to_int64(env, value)); }

/** manualSeed(seed): seeds the generator of every device */
napi_value manual_seed(Environment&, napi_env env, size_t, napi_value* argv) {
  at::manual_seed(to_seed(env, argv[0]));
  return nullptr;
}

/** Another worker may be drawing from the original. */
at::Generator copy_of(at::Generator generator) {
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.clone();
}

at::Generator generator_at(Environment& self, napi_value value) {
  const auto found = self.generators.find(static_cast<uint32_t>(to_int64(self.env, value)));
  if (found == self.generators.end()) throw BadArgument("the generator is unknown");
  return found->second;
}

/** makeGenerator(device, seed) -> id */
napi_value make_generator(Environment& self, napi_env env, size_t, napi_value* argv) {
  const c10::Device device = to_device(env, argv[0]);
  at::Generator generator = copy_of(default_generator(device));
  generator.set_current_seed(to_seed(env, argv[1]));
  const uint32_t id = self.next_generator++;
  self.generators.emplace(id, std::move(generator));
  return from_int64(env, id);
}

napi_value drop_generator(Environment& self, napi_env env, size_t, napi_value* argv) {
  self.generators.erase(static_cast<uint32_t>(to_int64(env, argv[0])));
  return nullptr;
}

/** rngState(device | generator id) -> handle of a uint8 tensor */
napi_value rng_state(Environment& self, napi_env env, size_t, napi_value* argv) {
  napi_valuetype type;
  check(env, napi_typeof(env, argv[0], &type));
  const at::Generator generator = type == napi_number ? generator_at(self, argv[0]) : default_generator(to_device(env, argv[0]));
  at::Generator copy = generator;
  const std::lock_guard<std::mutex> lock(copy.mutex());
  return from_tensor(self, copy.get_state());
}

/** setRngState(device | generator id, handle) */
napi_value set_rng_state(Environment& self, napi_env env, size_t, napi_value* argv) {
  napi_valuetype type;
  check(env, napi_typeof(env, argv[0], &type));
  at::Generator generator = type == napi_number ? generator_at(self, argv[0]) : default_generator(to_device(env, argv[0]));
  const at::Tensor& state = self.tensors.get(to_double(env, argv[1]));
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
  return nullptr;
}

}  // namespace

void define_random(napi_env env, napi_value exports) {
  define<manual_seed>(env, exports, "manualSeed");
  define<make_generator>(env, exports, "makeGenerator");
  define<drop_generator>(env, exports, "dropGenerator");
  define<rng_state>(env, exports, "rngState");
  define<set_rng_state>(env, exports, "setRngState");
}

}  // namespace soo
