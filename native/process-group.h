#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace soo {

/** Another rank has gone, or gave no answer in time. */
struct RankLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct GroupOptions {
  std::string host;
  int port = 0;
  int rank = 0;
  int size = 0;
  /** Whether this rank has the store through which ranks find each other; otherwise it lies at that address already. */
  bool hosts_store = false;
  /** In front of every key of the store: a group of its own for each start. */
  std::string prefix;
  std::chrono::milliseconds timeout{0};
};

enum class Collective : int64_t {
  reduce_sum = 1,
  reduce_average,
  reduce_max,
  broadcast,
  gather,
  gather_bytes,
  barrier
};

/** Whether this build carries what lies on GPUs without the processor. */
bool has_nccl();

/**
 * This process as one rank of several, over c10d's Gloo, and NCCL for tensors on GPUs. Everything of c10d lives on one
 * thread of its own, which does what is asked one after the other: JavaScript's thread never waits for another rank,
 * and Ctrl-C is heard meanwhile.
 */
class ProcessGroup : public std::enable_shared_from_this<ProcessGroup> {
 public:
  using Job = std::function<void(ProcessGroup&)>;

  explicit ProcessGroup(GroupOptions options);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  const GroupOptions options;

  /** Starts the thread. */
  void start();
  /** Queues work for the thread; false once the group has ended. The job must catch what it throws. */
  bool post(Job job);
  /** Lets the thread end after what is queued. */
  void end();
  /** The environment goes: waits a moment for the thread, and leaves it to itself if it hangs in a collective. */
  void abandon();

  // Only on the thread.
  void connect();
  /** @returns one tensor, or each rank's in order; of `gather_bytes` uint8 tensors of any length */
  std::vector<at::Tensor> run(Collective what, const at::Tensor& input, int root);
  /** Tells the others why this rank ends; they are told so when they miss it. */
  void tell_failure(const std::string& reason);
  /** Lets go of the connections, once all ranks are so far unless one is lost. */
  void disconnect();

 private:
  struct Connection;
  void work();
  void require_connected() const;
  void require_same(Collective what, const at::Tensor& input, int root, std::vector<int64_t>& lengths);
  std::string explain(const std::string& problem);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool ending_ = false;
  bool ended_ = false;
  std::thread thread_;
  std::unique_ptr<Connection> connection_;
  std::string broken_;
};

}  // namespace soo
