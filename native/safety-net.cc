#include "safety-net.h"

#include <malloc.h>

#include <algorithm>

#include "environment.h"

namespace soo {

namespace {
constexpr size_t kSweepEvery = 128;
constexpr int64_t kMegabyte = int64_t{1024} * 1024;
constexpr int64_t kSmallestBudget = 256 * kMegabyte, kLargestBudget = 1024 * kMegabyte;
/** Where an accelerator is nearly full a collection is due sooner, but not for every tensor. */
constexpr int64_t kSmallestOnFullAccelerator = 32 * kMegabyte;
/** Freed memory that the allocator may keep: it is the faster for it, but its holes do not fit everything. */
constexpr int64_t kMostSlack = 512 * kMegabyte;
/** Looking takes a microsecond or two; memory of some megabytes is not made faster than this. */
constexpr std::chrono::milliseconds kLookEvery{1};
// More external memory than V8 tolerates before it collects at once (half of the heap limit).
constexpr int64_t kPressure = int64_t{1} << 42;

/** Bytes that came with this tensor: none with a view; a result that its own graph keeps has a storage of two users. */
int64_t own_bytes(const at::Tensor& tensor) {
  if (!tensor.has_storage()) return 0;
  if (tensor.storage().use_count() > 1 && (tensor.is_view() || !tensor.grad_fn())) return 0;
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
  if (fresh_bytes_ > budget_ || has_grown()) {
    collect_garbage();
  } else if (since_sweep_ > std::max(kSweepEvery, watches_.size() / 2)) {
    sweep();
  }
}

bool SafetyNet::has_grown() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < kLookEvery) return false;
  looked_ = now;
  const int64_t held = held_.bytes();
  least_held_ = std::min(least_held_, held);
  return held - least_held_ > budget_;
}

void SafetyNet::sweep(const std::unordered_set<double>& reading) {
  since_sweep_ = 0;
  const Napi::HandleScope scope(env_);
  size_t kept = 0;
  for (const Watch& watch : watches_) {
    bool alive = tensors_.live(watch.handle);
    if (alive) {
      napi_value object = nullptr;
      alive = napi_get_reference_value(env_, watch.object, &object) == napi_ok && object != nullptr;
      if (!alive && reading.count(watch.handle) > 0) {
        watches_[kept++] = watch;
        continue;
      }
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

void SafetyNet::collect_garbage(const std::unordered_set<double>& reading) {
  // Node-API has no call that collects; a moment of extreme external memory makes V8 do so before it returns.
  Napi::MemoryManagement::AdjustExternalMemory(env_, kPressure);
  Napi::MemoryManagement::AdjustExternalMemory(env_, -kPressure);
  sweep(reading);
  fresh_bytes_ = 0;
  const auto in_tensors = static_cast<int64_t>(tensors_.bytes());
  least_held_ = held_.bytes();
  if (least_held_ - in_tensors > kMostSlack) {
    ::malloc_trim(0);
    least_held_ = held_.bytes();
  }
  // Half of what is still held: collections stay rare when much memory is in use for good.
  budget_ = std::clamp(in_tensors / 2, kSmallestBudget, kLargestBudget);
  budget_ = std::min(budget_, std::max(kSmallestOnFullAccelerator, free_on_accelerators() / 4));
}

}  // namespace soo
