#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

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
  /** Frees what the collector has found dead. */
  void sweep();
  size_t watched() const noexcept { return watches_.size(); }

 private:
  struct Watch {
    napi_ref object;
    double handle;
  };
  void collect_garbage();

  Napi::Env env_;
  TensorTable& tensors_;
  std::vector<Watch> watches_;
  size_t since_sweep_ = 0;
  int64_t fresh_bytes_ = 0;                      // allocated since the last collection
  int64_t budget_ = 256 * int64_t{1024} * 1024;  // fresh bytes that call for a collection
};

}  // namespace soo
