#pragma once

#include <napi.h>

#include <chrono>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "held-memory.h"
#include "tensor-table.h"

namespace soo {

/**
 * Frees tensors whose JavaScript object was collected although no scope owned them. Finalisers of Node-API run only
 * when the event loop turns, which a synchronous loop never lets happen; weak references read by hand work there too.
 * They are plain ones, as every tensor made outside of scopes gets one.
 */
class SafetyNet {
 public:
  SafetyNet(Napi::Env env, TensorTable& tensors) : env_(env), tensors_(tensors) {}

  /** Ties the life of `handle` to the object that carries it. */
  void watch(Napi::Object object, double handle);
  /** Frees what the collector has found dead, but for tensors that a call in progress reads. */
  void sweep(const std::unordered_set<double>& reading = {});
  /** Makes the collector run, and frees what it finds dead. */
  void collect_garbage(const std::unordered_set<double>& reading = {});
  size_t watched() const noexcept { return watches_.size(); }

 private:
  struct Watch {
    napi_ref object;
    double handle;
  };
  /** Whether the process holds more than it did, by more than the budget. */
  bool has_grown();

  Napi::Env env_;
  TensorTable& tensors_;
  std::vector<Watch> watches_;
  size_t since_sweep_ = 0;
  HeldMemory held_;
  std::chrono::steady_clock::time_point looked_{};
  int64_t least_held_ = INT64_MAX;               // since the last collection
  int64_t fresh_bytes_ = 0;                      // allocated since the last collection
  int64_t budget_ = 256 * int64_t{1024} * 1024;  // fresh bytes that call for a collection
};

}  // namespace soo
