#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>

namespace soo {

/**
 * Collectives of tensors on GPUs, one for each rank. Waiting for one blocks the thread until it is done, and throws
 * where another rank is gone or gives no answer in time.
 */
c10::intrusive_ptr<c10d::Backend> make_nccl(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                                            std::chrono::milliseconds timeout);

}  // namespace soo
