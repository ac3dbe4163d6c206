#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>

namespace soo {

/**
 * What the process and its accelerators hold, in bytes: results that only a graph keeps, as the log-probabilities of a
 * cross entropy are, belong to no tensor that JavaScript knows of, and are seen here alone.
 */
class HeldMemory {
 public:
  HeldMemory();
  ~HeldMemory();
  HeldMemory(const HeldMemory&) = delete;
  HeldMemory& operator=(const HeldMemory&) = delete;

  /** Resident memory that no file stands behind, and what tensors on accelerators take. */
  int64_t bytes() const;

 private:
  int64_t resident() const;
  const int statm_;
  const int64_t page_;
};

/** What an accelerator can still give to tensors, what its allocator keeps included; none where that is not known. */
std::optional<int64_t> free_for_tensors(c10::Device device);

/** What the fullest accelerator in use can still give to tensors; the largest number there is where there is none. */
int64_t free_on_accelerators();

}  // namespace soo
