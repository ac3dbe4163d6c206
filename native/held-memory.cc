#include "held-memory.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>

namespace soo {

namespace {

/** The accelerator's allocator if it is in use: asking another would set the device up. */
at::DeviceAllocator* allocator_in_use() {
  const auto type = at::getAccelerator();
  if (!type.has_value()) return nullptr;
  auto* allocator = dynamic_cast<at::DeviceAllocator*>(c10::GetAllocator(*type));
  return allocator != nullptr && allocator->initialized() ? allocator : nullptr;
}

int64_t taken(at::DeviceAllocator& allocator, c10::DeviceIndex device) {
  return allocator.getDeviceStats(device).allocated_bytes[0].current;
}

}  // namespace

HeldMemory::HeldMemory() : statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)), page_(::sysconf(_SC_PAGESIZE)) {}

HeldMemory::~HeldMemory() {
  if (statm_ >= 0) ::close(statm_);
}

int64_t HeldMemory::resident() const {
  char text[128];
  const ssize_t length = statm_ < 0 ? 0 : ::pread(statm_, text, sizeof text - 1, 0);
  if (length <= 0) return 0;
  text[length] = '\0';
  long long all = 0, resident = 0, shared = 0;
  if (std::sscanf(text, "%lld %lld %lld", &all, &resident, &shared) != 3) return 0;
  return (resident - shared) * page_;
}

int64_t HeldMemory::bytes() const {
  int64_t total = resident();
  if (auto* allocator = allocator_in_use()) {
    for (c10::DeviceIndex device = 0; device < at::accelerator::deviceCount(); ++device)
      total += taken(*allocator, device);
  }
  return total;
}

std::optional<int64_t> free_for_tensors(c10::Device device) {
  auto& allocator = *at::getDeviceAllocator(device.type());
  try {
    const auto free = static_cast<int64_t>(allocator.getMemoryInfo(device.index()).first);
    if (!allocator.initialized()) return free;
    return free + allocator.getDeviceStats(device.index()).reserved_bytes[0].current - taken(allocator, device.index());
  } catch (const c10::Error&) {
    return {};
  }
}

int64_t free_on_accelerators() {
  int64_t least = std::numeric_limits<int64_t>::max();
  auto* allocator = allocator_in_use();
  if (allocator == nullptr) return least;
  for (c10::DeviceIndex device = 0; device < at::accelerator::deviceCount(); ++device) {
    if (taken(*allocator, device) == 0) continue;
    least = std::min(least, free_for_tensors({*at::getAccelerator(), device}).value_or(least));
  }
  return least;
}

}  // namespace soo
