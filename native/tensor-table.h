#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

namespace soo {

/** A handle that names no live tensor: freed by dispose(), by its scope, or never made. */
struct StaleHandle : std::runtime_error {
  StaleHandle() : std::runtime_error("the tensor is disposed (freed by dispose() or by the scope it was made in)") {}
};

/**
 * The tensors that one JavaScript environment holds, addressed by number: slot index plus a generation, so that a
 * handle kept past its tensor's life is recognised. Slots live in blocks that never move.
 */
class TensorTable {
 public:
  double add(at::Tensor tensor);
  const at::Tensor& get(double handle) const;
  bool live(double handle) const noexcept;
  bool release(double handle) noexcept;
  /** Takes the tensor out of every scope; whoever holds the handle owns it. */
  void keep(double handle);
  /** Lets the tensor outlive the scopes inside the scope `level` (0: every scope), as if each had returned it. */
  void lift(double handle, size_t level);
  /** Whether this is the first time the safety net asks about the tensor. */
  bool mark_watched(double handle);

  /** Opens a scope and returns its level, counted from 1. */
  size_t enter();
  /** Closes the scope `level` and those inside it; frees what they hold but `results`, which pass to the scope around.
   */
  void leave(size_t level, const std::vector<double>& results);
  size_t depth() const noexcept { return marks_.size(); }

  size_t live_count() const noexcept { return live_; }
  /** Bytes of the distinct storages behind the live tensors. */
  size_t bytes() const;
  void clear() noexcept;

 private:
  struct Slot {
    at::Tensor tensor;
    uint32_t generation = 1;
    uint32_t next_free = 0;
    uint32_t owner = UINT32_MAX;  // level of the scope that frees it, when that is not the one it was made in
    bool kept = false;
    bool watched = false;
    bool result = false;
  };
  static constexpr uint32_t kBlock = 4096;
  static constexpr uint32_t kIndexBits = 24;
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kLastGeneration = (1u << 29) - 1;

  Slot* find(double handle) const noexcept;
  Slot& at(uint32_t index) const noexcept { return blocks_[index / kBlock][index % kBlock]; }
  uint32_t take_slot();

  std::vector<std::unique_ptr<Slot[]>> blocks_;
  uint32_t size_ = 0;
  uint32_t free_ = kNone;
  size_t live_ = 0;
  std::vector<double> made_;   // handles made inside open scopes, in order
  std::vector<size_t> marks_;  // where each open scope begins in made_
};

}  // namespace soo
