#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <mutex>

#include "environment.h"
#include "values.h"

namespace soo {

namespace {

const at::Generator& default_generator(c10::Device device) { return at::globalContext().defaultGenerator(device); }

/** manualSeed(seed): seeds the generator of every device */
Napi::Value manual_seed(Environment& self, const Napi::CallbackInfo& info) {
  at::manual_seed(to_uint64(self.env, info[0]));
  return {};
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
Napi::Value make_generator(Environment& self, const Napi::CallbackInfo& info) {
  const c10::Device device = to_device(self.env, info[0]);
  at::Generator generator = copy_of(default_generator(device));
  generator.set_current_seed(to_uint64(self.env, info[1]));
  const uint32_t id = self.next_generator++;
  self.generators.emplace(id, std::move(generator));
  return from_int64(self.env, id);
}

Napi::Value drop_generator(Environment& self, const Napi::CallbackInfo& info) {
  self.generators.erase(static_cast<uint32_t>(to_int64(self.env, info[0])));
  return {};
}

/** rngState(device | generator id) -> handle of a uint8 tensor */
Napi::Value rng_state(Environment& self, const Napi::CallbackInfo& info) {
  const at::Generator generator =
      info[0].IsNumber() ? generator_at(self, info[0]) : default_generator(to_device(self.env, info[0]));
  at::Generator copy = generator;
  const std::lock_guard<std::mutex> lock(copy.mutex());
  return from_tensor(self, copy.get_state());
}

/** setRngState(device | generator id, handle) */
Napi::Value set_rng_state(Environment& self, const Napi::CallbackInfo& info) {
  at::Generator generator =
      info[0].IsNumber() ? generator_at(self, info[0]) : default_generator(to_device(self.env, info[0]));
  const at::Tensor& state = self.tensors.get(to_double(self.env, info[1]));
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
  return {};
}

}  // namespace

void define_random(Napi::Object exports) {
  define<manual_seed>(exports, "manualSeed");
  define<make_generator>(exports, "makeGenerator");
  define<drop_generator>(exports, "dropGenerator");
  define<rng_state>(exports, "rngState");
  define<set_rng_state>(exports, "setRngState");
}

}  // namespace soo
