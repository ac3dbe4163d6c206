#include "callbacks.h"

#include <ATen/Context.h>

#include "values.h"

namespace soo {

namespace {

constexpr int kDeepest = 40;

/** Closes the handle scope on every way out, so that a long backward pass does not pile up JavaScript handles. */
class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env) { check(env, napi_open_handle_scope(env, &scope_)); }
  ~HandleScope() { napi_close_handle_scope(env_, scope_); }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

}  // namespace

void CallbackPort::set_serve(napi_value serve, napi_value forget) {
  napi_env env = self_->env;
  if (serve_ != nullptr) throw BadArgument("callbacks are set up already");
  napi_valuetype serve_type, forget_type;
  check(env, napi_typeof(env, serve, &serve_type));
  check(env, napi_typeof(env, forget, &forget_type));
  if (serve_type != napi_function || forget_type != napi_function) throw BadArgument("expected two functions");
  check(env, napi_create_reference(env, serve, 1, &serve_));
  check(env, napi_create_reference(env, forget, 1, &forget_));
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
  if (ids.empty() || forget_ == nullptr) return;
  napi_env env = self_->env;
  const HandleScope scope(env);
  napi_value forget, receiver = undefined(env), argument = from_ints(env, ids);
  check(env, napi_get_reference_value(env, forget_, &forget));
  check(env, napi_call_function(env, receiver, forget, 1, &argument, nullptr));
}

std::optional<Tensors> CallbackPort::call(int64_t id, const Tensors& arguments) {
  if (std::this_thread::get_id() != thread_) return hand_over(id, arguments);
  // A thread that came later may bear the number of one that has ended.
  if (self_ == nullptr) throw std::runtime_error("this hook's worker has ended");
  return call_here(id, arguments);
}

std::optional<Tensors> CallbackPort::call_here(int64_t id, const Tensors& arguments) {
  Environment& self = *self_;
  napi_env env = self.env;
  const HandleScope scope(env);
  napi_value serve, receiver = undefined(env), result = nullptr;
  check(env, napi_get_reference_value(env, serve_, &serve));
  napi_value argv[2] = {from_int64(env, id), from_tensors(self, arguments)};
  const napi_status status = napi_call_function(env, receiver, serve, 2, argv, &result);
  if (status != napi_ok) {
    napi_value thrown;
    if (status == napi_pending_exception && napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
      if (thrown_ != nullptr) napi_delete_reference(env, thrown_);
      // References hold objects only, and anything can be thrown: keep it in a box.
      napi_value box;
      check(env, napi_create_array_with_length(env, 1, &box));
      check(env, napi_set_element(env, box, 0, thrown));
      check(env, napi_create_reference(env, box, 1, &thrown_));
    }
    throw JavaScriptException();
  }
  if (is_missing(env, result)) return std::nullopt;
  uint32_t length = 0;
  check(env, napi_get_array_length(env, result, &length));
  Tensors tensors(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(env, napi_get_element(env, result, i, &element));
    if (!is_missing(env, element)) tensors[i] = self.tensors.get(to_double(env, element));
  }
  return tensors;
}

std::optional<Tensors> CallbackPort::hand_over(int64_t id, const Tensors& arguments) {
  Request request{id, &arguments, at::ThreadLocalState(), std::nullopt, nullptr};
  std::unique_lock<std::mutex> lock(mutex_);
  if (serving_ == 0) throw std::runtime_error("a hook belongs to another worker, which is not running this backward pass");
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
  if (thrown_ == nullptr || self_ == nullptr) return false;
  napi_env env = self_->env;
  napi_value box, thrown;
  const bool found = napi_get_reference_value(env, thrown_, &box) == napi_ok && box != nullptr &&
                     napi_get_element(env, box, 0, &thrown) == napi_ok;
  napi_delete_reference(env, thrown_);
  thrown_ = nullptr;
  return found && napi_throw(env, thrown) == napi_ok;
}

void CallbackPort::close() { self_ = nullptr; }

}  // namespace soo
