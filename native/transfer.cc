#include <ATen/core/Tensor.h>

#include <mutex>
#include <random>
#include <unordered_map>
#include <vector>

#include "environment.h"
#include "transfer.h"
#include "values.h"

namespace soo {

namespace {

struct Waiting {
  at::Tensor tensor;
  const Environment* sender;  // null: the ticket outlives it
};

/** Tensors on their way from one environment to another: the one thing that has to be known to the whole process. */
struct Counter {
  std::mutex mutex;
  std::unordered_map<uint64_t, Waiting> waiting;
  std::mt19937_64 random{std::random_device{}()};
};

Counter& counter() {
  static Counter instance;
  return instance;
}

uint64_t to_ticket(const Napi::Value& value) {
  bool exact = false;
  const uint64_t ticket = value.IsBigInt() ? value.As<Napi::BigInt>().Uint64Value(&exact) : 0;
  if (!exact) throw BadArgument("expected a ticket made by share()");
  return ticket;
}

/** Takes a tensor off the counter; an undefined one if nothing waits there. */
at::Tensor take(uint64_t ticket) {
  Counter& all = counter();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.waiting.find(ticket);
  if (found == all.waiting.end()) return {};
  at::Tensor tensor = std::move(found->second.tensor);
  all.waiting.erase(found);
  return tensor;
}

/** share(handle, outlives) -> ticket, a bigint that another environment collects once; it may outlive this one */
Napi::Value share(Environment& self, const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = self.tensors.get(to_double(self.env, info[0]));
  if (tensor.requires_grad() && !tensor.is_leaf()) {
    throw BadArgument("a tensor with a graph stays in its worker: share its detach()");
  }
  // Another worker may be reading: enlarging it would free the memory under its feet.
  if (tensor.has_storage()) tensor.storage().unsafeGetStorageImpl()->set_resizable(false);
  const bool outlives = to_bool(self.env, info[1]);
  uint64_t ticket = 0;
  {
    Counter& all = counter();
    const std::lock_guard<std::mutex> lock(all.mutex);
    do ticket = all.random();
    while (ticket == 0 || all.waiting.count(ticket) > 0);
    // A second tensor on the same storage: what is done to its metadata there stays there.
    all.waiting.emplace(ticket, Waiting{tensor.detach(), outlives ? nullptr : &self});
  }
  return Napi::BigInt::New(self.env, ticket);
}

Napi::Value receive(Environment& self, const Napi::CallbackInfo& info) {
  at::Tensor tensor = take(to_ticket(info[0]));
  if (!tensor.defined()) throw BadArgument("this ticket is unknown, was collected already or went with its sender");
  return from_tensor(self, std::move(tensor));
}

/** withdraw(ticket): whether its tensor was still waiting, which it no longer is */
Napi::Value withdraw(Environment& self, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(self.env, take(to_ticket(info[0])).defined());
}

}  // namespace

void withdraw_all(const Environment& sender) {
  std::vector<at::Tensor> dying;  // freed without the lock
  Counter& all = counter();
  const std::lock_guard<std::mutex> lock(all.mutex);
  for (auto each = all.waiting.begin(); each != all.waiting.end();) {
    if (each->second.sender != &sender) {
      ++each;
      continue;
    }
    dying.push_back(std::move(each->second.tensor));
    each = all.waiting.erase(each);
  }
}

void define_transfer(Napi::Object exports) {
  define<share>(exports, "share");
  define<receive>(exports, "receive");
  define<withdraw>(exports, "withdraw");
}

}  // namespace soo
