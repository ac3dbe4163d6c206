#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <mutex>

#include "environment.h"
#include "values.h"

namespace soo {

namespace {

const at::Generator& default_generator(c10::Device device) { return at::globalContext().defaultGenerator(device); }

/** manualSeed(seed): seeds the state that is drawn from now, on every device */
Napi::Value manual_seed(Environment& self, const Napi::CallbackInfo& info) {
  self.random->seed(to_uint64(self.env, info[0]));
  return {};
}

/** 0 is the environment's own. */
RandomState& random_state_at(Environment& self, napi_value value) {
  const auto id = static_cast<uint32_t>(to_int64(self.env, value));
  if (id == 0) return self.own_random;
  const auto found = self.random_states.find(id);
  if (found == self.random_states.end()) throw BadArgument("the random state is unknown");
  return *found->second;
}

/** forkRandomState() -> id of a state that goes on from where the one in use is */
Napi::Value fork_random_state(Environment& self, const Napi::CallbackInfo&) {
  const uint32_t id = self.next_random_state++;
  self.random_states.emplace(id, self.random->copy());
  return from_int64(self.env, id);
}

/** joinRandomState(id, original): the original goes on from where its fork is, unless it was used since */
Napi::Value join_random_state(Environment& self, const Napi::CallbackInfo& info) {
  random_state_at(self, info[1]).go_on_from(random_state_at(self, info[0]));
  return {};
}

/** useRandomState(id): operators draw from it from now on */
Napi::Value use_random_state(Environment& self, const Napi::CallbackInfo& info) {
  self.random = &random_state_at(self, info[0]);
  return {};
}

Napi::Value drop_random_state(Environment& self, const Napi::CallbackInfo& info) {
  const auto found = self.random_states.find(static_cast<uint32_t>(to_int64(self.env, info[0])));
  if (found == self.random_states.end()) return {};
  if (self.random == found->second.get()) self.random = &self.own_random;
  self.random_states.erase(found);
  return {};
}

/** Another worker may be drawing from the original. */
at::Generator copy_of(at::Generator generator) {
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.clone();
}

at::Tensor state_of(at::Generator generator) {
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

void set_state(at::Generator generator, const at::Tensor& state) {
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
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
  if (info[0].IsNumber()) return from_tensor(self, state_of(generator_at(self, info[0])));
  const c10::Device device = to_device(self.env, info[0]);
  const RandomState::Loan loan(*self.random, RandomState::Loan::For::looking);
  return from_tensor(self, state_of(default_generator(device)));
}

/** setRngState(device | generator id, handle) */
Napi::Value set_rng_state(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor state = self.tensors.get(to_double(self.env, info[1]));
  if (info[0].IsNumber()) {
    set_state(generator_at(self, info[0]), state);
    return {};
  }
  const c10::Device device = to_device(self.env, info[0]);
  const RandomState::Loan loan(*self.random);
  set_state(default_generator(device), state);
  return {};
}

}  // namespace

void define_random(Napi::Object exports) {
  define<manual_seed>(exports, "manualSeed");
  define<fork_random_state>(exports, "forkRandomState");
  define<join_random_state>(exports, "joinRandomState");
  define<use_random_state>(exports, "useRandomState");
  define<drop_random_state>(exports, "dropRandomState");
  define<make_generator>(exports, "makeGenerator");
  define<drop_generator>(exports, "dropGenerator");
  define<rng_state>(exports, "rngState");
  define<set_rng_state>(exports, "setRngState");
}

}  // namespace soo
