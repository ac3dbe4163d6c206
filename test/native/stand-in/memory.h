#pragma once

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Storage.h>

#include <cstdint>

namespace standin {

constexpr auto kType = c10::DeviceType::PrivateUse1;
constexpr int kDevices = 2;

/** A piece of a device's memory. Nobody may touch it but between `open` and `close`, which nest. */
struct Block {
  char* data;
  int64_t bytes;  // in whole pages
  int64_t asked;
  int device;
  int open = 0;
};

/** The block behind a storage of the stand-in; null for an empty one. */
Block* block_of(const c10::Storage& storage);

/** While it lives, kernels may read and write the block. */
class Opened {
 public:
  explicit Opened(Block* block);
  ~Opened();
  Opened(Opened&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  Opened& operator=(Opened&&) = delete;

 private:
  Block* block_;
};

c10::DeviceAllocator& allocator();

/** Most bytes that tensors of a device may take; 0: as many as they like. */
void set_limit(int device, int64_t bytes);

/** Where the memory of a device begins. */
const volatile char* first_byte(int device);

/** Ends the process with one line when anything but a kernel touches the memory of a device. */
void watch_for_faults();

}  // namespace standin
