#include "callbacks.h"

#include <ATen/DeviceAccelerator.h>

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
  for (;;) {
    changed_.wait(lock, [&] { return request.done || request.nested != nullptr; });
    if (request.nested == nullptr) break;
    run(*std::exchange(request.nested, nullptr), lock);
  }
  if (request.error) std::rethrow_exception(request.error);
  return std::move(request.result);
}

void CallbackPort::serve_until(const bool& finished, std::unique_lock<std::mutex>& lock) {
  for (;;) {
    changed_.wait(lock, [&] { return finished || !requests_.empty(); });
    if (requests_.empty()) return;
    Request* request = requests_.front();
    requests_.pop_front();
    served_.push_back(request);
    lock.unlock();
    try {
      const at::ThreadLocalStateGuard guard(request->state);
      request->result = call_here(request->id, *request->arguments);
    } catch (...) {
      request->error = std::current_exception();
    }
    lock.lock();
    served_.pop_back();
    request->done = true;
    changed_.notify_all();
  }
}

void CallbackPort::run(Pass& pass, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  try {
    pass.state.use(*pass.engine);
  } catch (...) {
    pass.error = std::current_exception();
  }
  lock.lock();
  pass.finished = true;
  changed_.notify_all();
}

void CallbackPort::wait_for_passes() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || waiting_ != nullptr; });
    if (ending_) return;
    run(*std::exchange(waiting_, nullptr), lock);
  }
}

bool CallbackPort::leaves_thread() const {
  return !served_.empty() || always_second_thread_ || depth_ > kDeepest ||
         (leases_ > 0 && at::getAccelerator().has_value());
}

void CallbackPort::run_elsewhere(const std::function<void()>& engine, std::unique_lock<std::mutex>& lock) {
  Pass pass{&engine, EngineThreadState(), nullptr};
  if (served_.empty()) {
    if (!engine_thread_.joinable()) engine_thread_ = std::thread([this] { wait_for_passes(); });
    waiting_ = &pass;
  } else {
    served_.back()->nested = &pass;
  }
  ++serving_;
  changed_.notify_all();
  serve_until(pass.finished, lock);
  --serving_;
  lock.unlock();
  if (pass.error) std::rethrow_exception(pass.error);
}

void CallbackPort::run_engine(const std::function<void()>& engine) {
  std::unique_lock<std::mutex> lock(mutex_);
  // Passes inside of hooks' passes: the engine itself leaves the thread beyond 60.
  const struct Depth {
    explicit Depth(int& depth) : depth(++depth) {}
    ~Depth() { --depth; }
    int& depth;
  } nested(depth_);
  if (leaves_thread()) return run_elsewhere(engine, lock);
  lock.unlock();
  engine();
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
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  if (engine_thread_.joinable()) engine_thread_.join();
  // Leases may outlive the environment and end on another thread, where references cannot be deleted.
  serve_.Reset();
  forget_.Reset();
  thrown_.reset();
  self_ = nullptr;
}

}  // namespace soo
