#pragma once

#include <ATen/ThreadLocalState.h>
#include <ATen/core/Tensor.h>
#include <napi.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine-thread-state.h"
#include "environment.h"

namespace soo {

using Tensors = std::vector<at::Tensor>;

/**
 * The way from libtorch back into JavaScript: tensor hooks and custom functions. JavaScript registers one `serve`
 * function and names every callback by a number. The autograd engine may call from a thread of its own (it has one for
 * each accelerator); such a call is handed to the JavaScript thread, which waits in run_engine() and serves it. A
 * thread-safe function of Node's would not do: it is served by the event loop, which does not turn as long as the
 * backward pass runs.
 *
 * A backward pass inside of such a callback runs on the thread that handed the callback over: it may be the only one
 * there is for its device, and the engine knows it as one of its own, on which passes may nest.
 */
class CallbackPort : public std::enable_shared_from_this<CallbackPort> {
 public:
  explicit CallbackPort(Environment& self) : self_(&self), thread_(std::this_thread::get_id()) {}

  /** `serve(id, handles)` returns an array of handles and nulls, or undefined. Later functions replace earlier ones. */
  void set_serve(const Napi::Value& serve, const Napi::Value& forget);
  /** Calls callback `id` from any thread; throws JavaScriptException if it threw. Empty if it returned nothing. */
  std::optional<Tensors> call(int64_t id, const Tensors& arguments);

  /** Marks callback `id` as used by libtorch until every copy of the lease is gone. */
  struct Lease;
  std::shared_ptr<Lease> lease(int64_t id);
  /** Tells JavaScript which callbacks libtorch has let go of. */
  void forget_released();

  /** Runs the engine here, or on another thread while this one serves callbacks. */
  void run_engine(const std::function<void()>& engine);
  void always_use_second_thread(bool on) { always_second_thread_ = on; }

  /** Throws in JavaScript what a callback threw; false if there was nothing. */
  bool rethrow_in_javascript() noexcept;
  /** The environment is going away: later calls from libtorch fail instead of reaching it. */
  void close();

 private:
  /** A run of the engine, on its way to another thread. */
  struct Pass {
    const std::function<void()>* engine;
    EngineThreadState state;
    std::exception_ptr error;
    bool finished = false;
  };
  /** A callback, on its way to the JavaScript thread. */
  struct Request {
    int64_t id;
    const Tensors* arguments;
    at::ThreadLocalState state;
    std::optional<Tensors> result;
    std::exception_ptr error;
    Pass* nested = nullptr;  // what the thread that handed it over is to run meanwhile
    bool done = false;
  };

  std::optional<Tensors> call_here(int64_t id, const Tensors& arguments);
  std::optional<Tensors> hand_over(int64_t id, const Tensors& arguments);
  void release(int64_t id);
  void serve_until(const bool& finished, std::unique_lock<std::mutex>& lock);
  bool leaves_thread() const;
  void run_elsewhere(const std::function<void()>& engine, std::unique_lock<std::mutex>& lock);
  void run(Pass& pass, std::unique_lock<std::mutex>& lock);
  void wait_for_passes();

  Environment* self_;  // only the JavaScript thread looks here
  const std::thread::id thread_;
  Napi::FunctionReference serve_;
  Napi::FunctionReference forget_;
  std::optional<Napi::Error> thrown_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request*> requests_;
  std::vector<Request*> served_;  // those JavaScript is busy with, the innermost last
  std::thread engine_thread_;     // for passes outside of callbacks, from the first one to the end
  Pass* waiting_ = nullptr;       // what it is to run
  bool ending_ = false;
  std::vector<int64_t> released_;
  size_t leases_ = 0;
  int serving_ = 0;
  int depth_ = 0;
  bool always_second_thread_ = false;
};

struct CallbackPort::Lease {
  Lease(std::shared_ptr<CallbackPort> port, int64_t id) : port(std::move(port)), id(id) {}
  ~Lease() { port->release(id); }
  std::shared_ptr<CallbackPort> port;
  int64_t id;
};

}  // namespace soo
