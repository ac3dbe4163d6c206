#include <c10/util/Exception.h>

#include "callbacks.h"
#include "environment.h"
#include "out-of-memory.h"

namespace soo {

namespace {

constexpr size_t kLongestMessage = 600;

/** The first line carries the facts; what libtorch adds below it is advice for its own developers. */
std::string first_line(const std::string& message) {
  size_t begin = message.find(kNoMemory);  // behind libtorch's own source line
  if (begin == std::string::npos) begin = 0;
  const size_t end = message.find('\n', begin);
  std::string line = message.substr(begin, end == std::string::npos ? end : end - begin);
  if (line.size() < 40 && end != std::string::npos) {  // a heading: what was meant stands below it
    line += " " + message.substr(end + 1, message.find('\n', end + 1) - end - 1);
  }
  if (line.size() > kLongestMessage) line = line.substr(0, kLongestMessage) + "...";
  return line;
}

/** Nothing can be thrown in an environment that is ending. */
void throw_quietly(const Napi::Error& error) noexcept {
  try {
    error.ThrowAsJavaScriptException();
  } catch (const Napi::Error&) {
  }
}

/** Of the library's own realm, which is another than Node's where a test runner has made one. */
Napi::Value new_error(Environment& self, const char* kind, const std::string& message) {
  const Napi::Object classes = self.errors.IsEmpty() ? self.env.Global() : self.errors.Value();
  return classes.Get(kind).As<Napi::Function>().New({Napi::String::New(self.env, message)});
}

}  // namespace

void throw_message(Environment& self, const char* kind, const std::string& message, const char* code) noexcept {
  try {
    const Napi::Error error(self.env, new_error(self, kind, message));
    if (code != nullptr) error.Set("code", code);
    throw_quietly(error);
  } catch (const Napi::Error& failure) {
    throw_quietly(failure);
  }
}

void throw_to_javascript(Environment& self, const std::string& where, const Reword& reword) noexcept {
  if (self.env.IsExceptionPending()) return;
  const auto throw_as = [&](const char* kind, const std::string& message, const char* code = nullptr) {
    const std::string line = first_line(message);
    throw_message(self, kind, where + ": " + (reword ? reword(line) : line), code);
  };
  try {
    throw;
  } catch (const JavaScriptException&) {
    self.callbacks->rethrow_in_javascript();
  } catch (const Napi::Error& error) {
    throw_quietly(error);
  } catch (const BadArgument& error) {
    throw_as("TypeError", error.what());
  } catch (const c10::OutOfMemoryError& error) {
    throw_as("Error", error.what_without_backtrace(), "ERR_OUT_OF_MEMORY");
  } catch (const c10::IndexError& error) {
    throw_as("RangeError", error.what_without_backtrace());
  } catch (const c10::TypeError& error) {
    throw_as("TypeError", error.what_without_backtrace());
  } catch (const c10::Error& error) {
    // A hook's own exception travels through the engine, which may wrap it.
    if (self.callbacks->rethrow_in_javascript()) return;
    const std::string message = error.what_without_backtrace();
    const bool no_memory = message.find(kNoMemory) != std::string::npos;
    throw_as("Error", message, no_memory ? "ERR_OUT_OF_MEMORY" : nullptr);
  } catch (const std::bad_alloc&) {
    throw_as("Error", "out of memory", "ERR_OUT_OF_MEMORY");
  } catch (const std::exception& error) {
    throw_as("Error", error.what());
  } catch (...) {
    throw_as("Error", "an unknown error in libtorch");
  }
}

namespace {

/** setErrors(classes): `{ Error, TypeError, RangeError }` of the realm that the library runs in */
Napi::Value set_errors(Environment& self, const Napi::CallbackInfo& info) {
  self.errors = Napi::Persistent(info[0].As<Napi::Object>());
  return {};
}

}  // namespace

void define_errors(Napi::Object exports) { define<set_errors>(exports, "setErrors"); }

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  if (status == napi_pending_exception) throw JavaScriptException();
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  throw BadArgument(info != nullptr && info->error_message != nullptr ? info->error_message : "a Node-API call failed");
}

}  // namespace soo
