#pragma once

#include <ATen/core/MT19937RNGEngine.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace soo {

/**
 * Where the random numbers of operators come from that are given no generator. libtorch has one generator for the whole
 * process (and one for each accelerator); here every environment, and every run in it, has a state of its own. It is
 * put into libtorch's generators when its owner draws, if another drew last.
 */
class RandomState {
 public:
  /** Seeded by the system. */
  RandomState();
  ~RandomState();
  RandomState(const RandomState&) = delete;
  RandomState& operator=(const RandomState&) = delete;

  /** Begins anew, on every device: the same numbers as after libtorch's manual_seed. */
  void seed(uint64_t seed);
  /** A second state that goes on from here with the same numbers. */
  std::unique_ptr<RandomState> copy();
  /** Goes on where a copy of it ended, unless it was drawn from or set since it was copied. */
  void go_on_from(RandomState& copy);

  class Loan;

 private:
  struct Lender;
  static Lender& lender();
  void start(uint64_t seed);
  void become(const RandomState& other);
  void take_back();
  void put_in();

  at::mt19937 engine_;
  // Normal numbers are made in pairs: the second ones.
  std::optional<float> next_float_;
  std::optional<double> next_double_;
  uint64_t accelerator_seed_ = 0;
  /** States of the accelerators' generators; empty as long as they only have their seed. */
  std::vector<at::Tensor> accelerators_;
  /** How often it was drawn from or set; and the original, when this copy was made of it. */
  uint64_t uses_ = 0;
  uint64_t uses_of_original_ = 0;
};

/** While it lives, libtorch's generators have that state, and nobody else's draws. Nothing in it may wait for
 * JavaScript. */
class RandomState::Loan {
 public:
  enum class For { drawing, looking };
  explicit Loan(RandomState& state, For purpose = For::drawing);

 private:
  const std::lock_guard<std::mutex> lock_;
};

/** An accelerator was named: what is drawn from now on may be drawn there. */
void note_accelerator() noexcept;

}  // namespace soo
