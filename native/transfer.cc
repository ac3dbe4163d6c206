#include <ATen/core/Tensor.h>

#include <mutex>
#include <random>
#include <unordered_map>

#include "environment.h"
#include "values.h"

namespace soo {

namespace {

/**
 * Tensors on their way from one environment to another: the one thing that has to be known to the whole process. They
 * outlive the worker that sent them, for a worker may well end when its result is on the way.
 */
struct Counter {
  std::mutex mutex;
  std::unordered_map<uint64_t, at::Tensor> waiting;
  std::mt19937_64 random{std::random_device{}()};
};

Counter& counter() {
  static Counter instance;
  return instance;
}

/** share(handle) -> ticket, a bigint that another environment collects once */
Napi::Value share(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = self.tensors.get(to_double(self.env, info[0]));
  if (tensor.requires_grad() && !tensor.is_leaf()) {
    throw BadArgument("a tensor with a graph stays in its worker: share its detach()");
  }
  // Another worker may be reading: enlarging it would free the memory under its feet.
  if (tensor.has_storage()) tensor.storage().unsafeGetStorageImpl()->set_resizable(false);
  uint64_t ticket = 0;
  {
    Counter& all = counter();
    const std::lock_guard<std::mutex> lock(all.mutex);
    do ticket = all.random();
    while (ticket == 0 || all.waiting.count(ticket) > 0);
    // A second tensor on the same storage: what is done to its metadata there stays there.
    all.waiting.emplace(ticket, tensor.detach());
  }
  return Napi::BigInt::New(self.env, ticket);
}

Napi::Value receive(Environment& self, const Napi::CallbackInfo& info) {
  bool exact = false;
  const uint64_t ticket = info[0].IsBigInt() ? info[0].As<Napi::BigInt>().Uint64Value(&exact) : 0;
  if (!exact) throw BadArgument("expected a ticket made by share()");
  Counter& all = counter();
  at::Tensor tensor;
  {
    const std::lock_guard<std::mutex> lock(all.mutex);
    const auto found = all.waiting.find(ticket);
    if (found == all.waiting.end()) throw BadArgument("this ticket is unknown or was collected already");
    tensor = std::move(found->second);
    all.waiting.erase(found);
  }
  return from_tensor(self, std::move(tensor));
}

}  // namespace

void define_transfer(Napi::Object exports) {
  define<share>(exports, "share");
  define<receive>(exports, "receive");
}

}  // namespace soo
