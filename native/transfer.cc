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
napi_value share(Environment& self, napi_env env, size_t, napi_value* argv) {
  const at::Tensor& tensor = self.tensors.get(to_double(env, argv[0]));
  if (tensor.requires_grad() && !tensor.is_leaf()) {
    throw BadArgument("a tensor with a graph stays in its worker: share its detach()");
  }
  uint64_t ticket = 0;
  {
    Counter& all = counter();
    const std::lock_guard<std::mutex> lock(all.mutex);
    do ticket = all.random();
    while (ticket == 0 || all.waiting.count(ticket) > 0);
    // A second tensor on the same storage: what is done to its metadata there stays there.
    all.waiting.emplace(ticket, tensor.detach());
  }
  napi_value result;
  check(env, napi_create_bigint_uint64(env, ticket, &result));
  return result;
}

napi_value receive(Environment& self, napi_env env, size_t, napi_value* argv) {
  uint64_t ticket = 0;
  bool exact = false;
  if (napi_get_value_bigint_uint64(env, argv[0], &ticket, &exact) != napi_ok || !exact) {
    throw BadArgument("expected a ticket made by share()");
  }
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

void define_transfer(napi_env env, napi_value exports) {
  define<share>(env, exports, "share");
  define<receive>(env, exports, "receive");
}

}  // namespace soo
