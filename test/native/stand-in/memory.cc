#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "current-device.h"
#include "faults.h"

// Each device has a range of addresses for itself, all of it closed; pages of blocks are opened and closed again.

namespace standin {

namespace {

using c10::CachingAllocator::Stat;
using c10::CachingDeviceAllocator::DeviceStats;

constexpr int64_t kRange = int64_t{1} << 36;
/** Freed blocks of more than this give their memory back to the system. */
constexpr int64_t kKept = int64_t{1} << 20;

std::mutex mutex;

struct Memory {
  char* begin = nullptr;
  int64_t used = 0;  // of the range
  int64_t limit = 0;
  std::multimap<int64_t, char*> free;  // by size
  DeviceStats stats;
};

std::array<Memory, kDevices>& memories() {
  static auto* all = [] {
    auto* made = new std::array<Memory, kDevices>;
    void* range = ::mmap(nullptr, kRange * kDevices, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    TORCH_CHECK(range != MAP_FAILED, "The stand-in finds no addresses for its memory");
    for (int i = 0; i < kDevices; ++i) (*made)[i].begin = static_cast<char*>(range) + i * kRange;
    return made;
  }();
  return *all;
}

int64_t in_pages(int64_t bytes) {
  static const int64_t page = ::sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

void protect(const Block& block, int how) {
  TORCH_CHECK(::mprotect(block.data, block.bytes, how) == 0, "The stand-in cannot change the protection of its memory");
}

/** Addresses for a block: those of a freed one that is not much larger, else fresh ones. The mutex is held. */
char* place(Memory& memory, int64_t& bytes) {
  const auto found = memory.free.lower_bound(bytes);
  if (found != memory.free.end() && found->first <= bytes + bytes / 4) {
    char* data = found->second;
    bytes = found->first;
    memory.free.erase(found);
    return data;
  }
  TORCH_CHECK(memory.used + bytes <= kRange, "The stand-in is out of addresses");
  char* data = memory.begin + memory.used;
  memory.used += bytes;
  return data;
}

void count(DeviceStats& stats, int64_t asked, bool taken) {
  for (auto* each : {&stats.allocated_bytes[0], &stats.reserved_bytes[0], &stats.active_bytes[0]})
    taken ? each->increase(asked) : each->decrease(asked);
  for (auto* each : {&stats.allocation[0], &stats.active[0]}) taken ? each->increase(1) : each->decrease(1);
}

void release(void* context) {
  auto* block = static_cast<Block*>(context);
  const std::lock_guard<std::mutex> lock(mutex);
  if (block->open > 0) protect(*block, PROT_NONE);
  if (block->bytes > kKept) ::madvise(block->data, block->bytes, MADV_DONTNEED);
  Memory& memory = memories()[block->device];
  memory.free.emplace(block->bytes, block->data);
  count(memory.stats, block->asked, false);
  delete block;
}

std::string mebibytes(int64_t bytes) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f MiB", static_cast<double>(bytes) / (1024 * 1024));
  return text;
}

/** In CUDA's words. */
[[noreturn]] void refuse(const Memory& memory, int device, int64_t asked) {
  const int64_t taken = memory.stats.allocated_bytes[0].current;
  const std::string text = "STANDIN out of memory. Tried to allocate " + mebibytes(asked) + ". GPU " +
                           std::to_string(device) + " has a total capacity of " + mebibytes(memory.limit) +
                           " of which " + mebibytes(memory.limit - taken) + " is free.";
  TORCH_CHECK_WITH(OutOfMemoryError, false, text);
}

struct Allocator final : c10::DeviceAllocator {
  c10::DataPtr allocate(size_t size) override {
    const int index = current_device();
    const c10::Device device(kType, static_cast<c10::DeviceIndex>(index));
    const auto asked = static_cast<int64_t>(size);
    if (asked == 0) return {nullptr, device};
    const std::lock_guard<std::mutex> lock(mutex);
    Memory& memory = memories()[index];
    if (memory.limit > 0 && memory.stats.allocated_bytes[0].current + asked > memory.limit) {
      ++memory.stats.num_ooms;
      refuse(memory, index, asked);
    }
    int64_t bytes = in_pages(asked);
    char* data = place(memory, bytes);
    count(memory.stats, asked, true);
    auto* block = new Block{data, bytes, asked, index};
    return {data, block, &release, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t size) const override {
    TORCH_CHECK(false, "The stand-in copies ", size, " bytes from ", from, " to ", to, " only as tensors");
  }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  DeviceStats getDeviceStats(c10::DeviceIndex device) override {
    const std::lock_guard<std::mutex> lock(mutex);
    return memories().at(device).stats;
  }
  void resetAccumulatedStats(c10::DeviceIndex device) override {
    reset(device, [](Stat& each) { each.reset_accumulated(); });
  }
  void resetPeakStats(c10::DeviceIndex device) override {
    reset(device, [](Stat& each) { each.reset_peak(); });
  }
  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex device) override {
    const std::lock_guard<std::mutex> lock(mutex);
    const Memory& memory = memories().at(device);
    const int64_t all = memory.limit > 0 ? memory.limit : kRange;
    return {static_cast<size_t>(all - memory.stats.allocated_bytes[0].current), static_cast<size_t>(all)};
  }

 private:
  template <class Each>
  void reset(c10::DeviceIndex device, Each each) {
    const std::lock_guard<std::mutex> lock(mutex);
    DeviceStats& stats = memories().at(device).stats;
    for (auto* stat : {&stats.allocated_bytes[0], &stats.reserved_bytes[0], &stats.active_bytes[0]}) each(*stat);
  }
};

}  // namespace

Block* block_of(const c10::Storage& storage) { return static_cast<Block*>(storage.data_ptr().get_context()); }

Opened::Opened(Block* block) : block_(block) {
  if (block == nullptr) return;
  const std::lock_guard<std::mutex> lock(mutex);
  if (block->open++ == 0) protect(*block, PROT_READ | PROT_WRITE);
}

Opened::~Opened() {
  if (block_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(mutex);
  if (--block_->open == 0) ::mprotect(block_->data, block_->bytes, PROT_NONE);
}

c10::DeviceAllocator& allocator() {
  static auto* instance = new Allocator;
  return *instance;
}

void set_limit(int device, int64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex);
  memories().at(device).limit = bytes;
}

const volatile char* first_byte(int device) { return memories().at(device).begin; }

void watch_for_faults() { watch_range(memories()[0].begin, kRange, kDevices); }

}  // namespace standin
