#include "safety-net.h"

#include <algorithm>

#include "environment.h"

namespace soo {

namespace {
constexpr size_t kSweepEvery = 128;
constexpr int64_t kSmallestBudget = 256 * int64_t{1024} * 1024;
// More external memory than V8 tolerates before it collects at once (half of the heap limit).
constexpr int64_t kPressure = int64_t{1} << 42;

/** Bytes that only this tensor holds: a view adds nothing. */
int64_t own_bytes(const at::Tensor& tensor) {
  if (!tensor.has_storage() || tensor.storage().use_count() > 1) return 0;
  return static_cast<int64_t>(tensor.storage().nbytes());
}
}  // namespace

void SafetyNet::watch(Napi::Object object, double handle) {
  if (!tensors_.mark_watched(handle)) return;
  const int64_t bytes = own_bytes(tensors_.get(handle));
  napi_ref reference;
  check(env_, napi_create_reference(env_, object, 0, &reference));
  watches_.push_back({reference, handle});
  fresh_bytes_ += bytes;
  ++since_sweep_;
  if (fresh_bytes_ > budget_) {
    collect_garbage();
  } else if (since_sweep_ > std::max(kSweepEvery, watches_.size() / 2)) {
    sweep();
  }
}

void SafetyNet::sweep() {
  since_sweep_ = 0;
  const Napi::HandleScope scope(env_);
  size_t kept = 0;
  for (const Watch& watch : watches_) {
    bool alive = tensors_.live(watch.handle);
    if (alive) {
      napi_value object = nullptr;
      alive = napi_get_reference_value(env_, watch.object, &object) == napi_ok && object != nullptr;
      if (!alive) tensors_.release(watch.handle);
    }
    if (alive) {
      watches_[kept++] = watch;
    } else {
      napi_delete_reference(env_, watch.object);
    }
  }
  watches_.resize(kept);
}

void SafetyNet::collect_garbage() {
  // Node-API has no call that collects; a moment of extreme external memory makes V8 do so before it returns.
  Napi::MemoryManagement::AdjustExternalMemory(env_, kPressure);
  Napi::MemoryManagement::AdjustExternalMemory(env_, -kPressure);
  sweep();
  fresh_bytes_ = 0;
  // Half of what is still held: collections stay rare when much memory is in use for good.
  budget_ = std::max<int64_t>(kSmallestBudget, static_cast<int64_t>(tensors_.bytes() / 2));
}

}  // namespace soo
