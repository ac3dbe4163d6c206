#pragma once

#include <atomic>
#include <cstdint>

namespace standin {

/**
 * How often the host learnt something from a device, for which a real one lets its queue run empty: a number, a copy,
 * or how many elements a result has.
 */
struct Counters {
  std::atomic<int64_t> numbers{0};  // item()
  std::atomic<int64_t> copies{0};   // to the host
  std::atomic<int64_t> sizes{0};    // nonzero, masks, unique
  std::atomic<int64_t> bytes{0};    // of numbers and copies
};

inline Counters& counters() {
  static Counters instance;
  return instance;
}

}  // namespace standin
