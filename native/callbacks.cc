#include "callbacks.h"

#include <ATen/Context.h>

#include <utility>

#include "values.h"

namespace soo {

namespace {

constexpr int kDeepest = 40;

}  // namespace

void CallbackPort::set_serve(const Napi::Value& serve, const Napi::Value& forget) {
  if (!serve.IsFunction() || !forget.IsFunction()) throw BadArgument("expected two functions");
  serve_ = Napi::Persistent(serve.As<Napi::Function>());
  forget_ = Napi::Persistent(forget.As<Napi::Function>());
}

std::shared_ptr<CallbackPort::Lease> CallbackPort::lease(int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++leases_;
  return std::make_shared<Lease>(shared_from_this(), id);
}

void CallbackPort::release(int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  --leases_;
  released_.push_back(id);
}

void CallbackPort::forget_released() {
  std::vector<int64_t> ids;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ids.swap(released_);
  }
  if (ids.empty() || forget_.IsEmpty()) return;
  const Napi::HandleScope scope(self_->env);
  forget_.Call({from_ints(self_->env, ids)});
}

std::optional<Tensors> CallbackPort::call(int64_t id, const Tensors& arguments) {
  if (std::this_thread::get_id() != thread_) return hand_over(id, arguments);
  // A thread that came later may bear the number of one that has ended.
  if (self_ == nullptr) throw std::runtime_error("this hook's worker has ended");
  return call_here(id, arguments);
}

std::optional<Tensors> CallbackPort::call_here(int64_t id, const Tensors& arguments) {
  Environment& self = *self_;
  // A long backward pass shall not pile up JavaScript handles.
  const Napi::HandleScope scope(self.env);
  Napi::Value result;
  try {
    result = serve_.Call({from_int64(self.env, id), from_tensors(self, arguments)});
  } catch (const Napi::Error& error) {
    thrown_.emplace(error);  // the engine, through which it passes, may run on another thread
    throw JavaScriptException();
  }
  if (is_missing(self.env, result)) return std::nullopt;
  const auto handles = result.As<Napi::Array>();
  Tensors tensors(handles.Length());
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    const Napi::Value element = handles[i];
    if (!is_missing(self.env, element)) tensors[i] = self.tensors.get(to_double(self.env, element));
  }
  return tensors;
}

std::optional<Tensors> CallbackPort::hand_over(int64_t id, const Tensors& arguments) {
  Request request{id, &arguments, at::ThreadLocalState(), std::nullopt, nullptr};
  std::unique_lock<std::mutex> lock(mutex_);
  if (serving_ == 0)
    throw std::runtime_error("a hook belongs to another worker, which is not running this backward pass");
  requests_.push_back(&request);
  changed_.notify_all();
  changed_.wait(lock, [&] { return request.done; });
  if (request.error) std::rethrow_exception(request.error);
  return std::move(request.result);
}

void CallbackPort::serve_until(const bool& finished, std::unique_lock<std::mutex>& lock) {
  for (;;) {
    changed_.wait(lock, [&] { return finished || !requests_.empty(); });
    if (requests_.empty()) return;
    Request* request = requests_.front();
    requests_.pop_front();
    lock.unlock();
    try {
      const at::ThreadLocalStateGuard guard(request->state);
      request->result = call_here(request->id, *request->arguments);
    } catch (...) {
      request->error = std::current_exception();
    }
    lock.lock();
    request->done = true;
    changed_.notify_all();
  }
}

void CallbackPort::run_engine(const std::function<void()>& engine) {
  std::unique_lock<std::mutex> lock(mutex_);
  // Passes inside of hooks' passes: the engine itself leaves the thread beyond 60.
  const struct Depth {
    explicit Depth(int& depth) : depth(++depth) {}
    ~Depth() { --depth; }
    int& depth;
  } nested(depth_);
  const bool second_thread =
      always_second_thread_ || depth_ > kDeepest || (leases_ > 0 && at::globalContext().hasCUDA());
  if (!second_thread) {
    lock.unlock();
    engine();
    return;
  }
  bool finished = false;
  std::exception_ptr error;
  const at::ThreadLocalState state;
  ++serving_;
  std::thread runner([&] {
    try {
      const at::ThreadLocalStateGuard guard(state);
      engine();
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard<std::mutex> done(mutex_);
    finished = true;
    changed_.notify_all();
  });
  serve_until(finished, lock);
  --serving_;
  lock.unlock();
  runner.join();
  if (error) std::rethrow_exception(error);
}

bool CallbackPort::rethrow_in_javascript() noexcept {
  if (!thrown_.has_value() || self_ == nullptr) return false;
  try {
    std::exchange(thrown_, std::nullopt)->ThrowAsJavaScriptException();
    return true;
  } catch (const Napi::Error&) {
    return false;  // the environment is ending
  }
}

void CallbackPort::close() {
  // Leases may outlive the environment and end on another thread, where references cannot be deleted.
  serve_.Reset();
  forget_.Reset();
  thrown_.reset();
  self_ = nullptr;
}

}  // namespace soo
