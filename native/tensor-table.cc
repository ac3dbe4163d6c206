#include "tensor-table.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace soo {

namespace {
constexpr double kHandleLimit = 9007199254740992.0;  // 2^53
}

TensorTable::Slot* TensorTable::find(double handle) const noexcept {
  if (!(handle >= 1 && handle < kHandleLimit)) return nullptr;
  const auto bits = static_cast<uint64_t>(handle);
  const auto index = static_cast<uint32_t>(bits & ((1u << kIndexBits) - 1));
  if (index >= size_) return nullptr;
  Slot& slot = at(index);
  return slot.tensor.defined() && slot.generation == bits >> kIndexBits ? &slot : nullptr;
}

uint32_t TensorTable::take_slot() {
  if (free_ != kNone) {
    const uint32_t index = free_;
    free_ = at(index).next_free;
    return index;
  }
  if (size_ == 1u << kIndexBits)
    throw std::runtime_error("16,777,216 tensors are alive: free some with scope() or dispose()");
  if (size_ == blocks_.size() * kBlock) blocks_.push_back(std::make_unique<Slot[]>(kBlock));
  return size_++;
}

double TensorTable::add(at::Tensor tensor) {
  const uint32_t index = take_slot();
  Slot& slot = at(index);
  slot.tensor = std::move(tensor);
  slot.owner = UINT32_MAX;
  slot.kept = false;
  slot.watched = false;
  ++live_;
  const auto handle = static_cast<double>((static_cast<uint64_t>(slot.generation) << kIndexBits) | index);
  if (!marks_.empty()) made_.push_back(handle);
  return handle;
}

const at::Tensor& TensorTable::get(double handle) const {
  const Slot* slot = find(handle);
  if (slot == nullptr) throw StaleHandle();
  return slot->tensor;
}

bool TensorTable::live(double handle) const noexcept { return find(handle) != nullptr; }

bool TensorTable::release(double handle) noexcept {
  Slot* slot = find(handle);
  if (slot == nullptr) return false;
  // The tensor leaves the table before it dies: its destructor may run code that comes back here.
  const at::Tensor dying = std::move(slot->tensor);
  slot->tensor.reset();
  --live_;
  if (slot->generation < kLastGeneration) {  // a worn-out slot is retired, so that no handle ever repeats
    ++slot->generation;
    slot->next_free = free_;
    free_ = static_cast<uint32_t>(static_cast<uint64_t>(handle) & ((1u << kIndexBits) - 1));
  }
  return true;
}

void TensorTable::keep(double handle) {
  Slot* slot = find(handle);
  if (slot == nullptr) throw StaleHandle();
  slot->kept = true;
}

void TensorTable::lift(double handle, size_t level) {
  Slot* slot = find(handle);
  if (slot == nullptr) throw StaleHandle();
  slot->owner = std::min(slot->owner, static_cast<uint32_t>(level));
}

bool TensorTable::mark_watched(double handle) {
  Slot* slot = find(handle);
  if (slot == nullptr) throw StaleHandle();
  return !std::exchange(slot->watched, true);
}

size_t TensorTable::enter() {
  marks_.push_back(made_.size());
  return marks_.size();
}

void TensorTable::leave(size_t level, const std::vector<double>& results) {
  if (level == 0 || level > marks_.size()) throw std::runtime_error("scope: this scope is closed already");
  for (const double handle : results) {
    if (Slot* slot = find(handle)) slot->result = true;
  }
  const size_t begin = marks_[level - 1];
  size_t end = begin;
  for (size_t i = begin; i < made_.size(); ++i) {
    const double handle = made_[i];
    const Slot* slot = find(handle);
    if (slot == nullptr || slot->kept) continue;
    if (slot->result || slot->owner < level) {
      made_[end++] = handle;
    } else {
      release(handle);
    }
  }
  made_.resize(level == 1 ? begin : end);
  marks_.resize(level - 1);
  for (const double handle : results) {
    if (Slot* slot = find(handle)) slot->result = false;
  }
}

size_t TensorTable::bytes() const {
  std::unordered_set<const void*> seen;
  size_t total = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    const at::Tensor& tensor = at(i).tensor;
    if (!tensor.defined() || !tensor.has_storage()) continue;
    const auto* storage = tensor.storage().unsafeGetStorageImpl();
    if (seen.insert(storage).second) total += storage->nbytes();
  }
  return total;
}

void TensorTable::clear() noexcept {
  made_.clear();
  marks_.clear();
  for (uint32_t i = 0; i < size_; ++i) at(i).tensor.reset();
  blocks_.clear();
  size_ = 0;
  free_ = kNone;
  live_ = 0;
}

}  // namespace soo
