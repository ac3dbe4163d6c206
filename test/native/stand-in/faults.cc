#include "faults.h"

#include <ATen/record_function.h>
#include <execinfo.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

namespace standin {

namespace {

constexpr int kDeepest = 64, kFrames = 24;
/** How a process ends that touched a device's memory. */
constexpr int kStatus = 86;

struct Range {
  const char* begin = nullptr;
  int64_t size = 0;
  int count = 0;
} range;

struct sigaction before;

thread_local const char* operators[kDeepest];
thread_local int depth = 0;

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
  if (depth < kDeepest) operators[depth] = function.name();
  ++depth;
  return nullptr;
}

void leave(const at::RecordFunction&, at::ObserverContext*) { --depth; }

void on_fault(int signal, siginfo_t* info, void* context) {
  const auto offset = static_cast<const char*>(info->si_addr) - range.begin;
  if (offset < 0 || offset >= range.size * range.count) {
    if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != nullptr)
      return before.sa_sigaction(signal, info, context);
    ::sigaction(signal, &before, nullptr);  // what touched it does so again
    return;
  }
  const char* culprit = depth == 0 ? "host code" : operators[std::min(depth, kDeepest) - 1];
  char line[256];
  const int length = std::snprintf(line, sizeof line, "stand-in: %s touched the memory of standin:%d on the host\n",
                                   culprit, static_cast<int>(offset / range.size));
  if (::write(STDERR_FILENO, line, static_cast<size_t>(length)) < 0) ::_exit(kStatus);
  void* frames[kFrames];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, kFrames), STDERR_FILENO);
  ::_exit(kStatus);
}

}  // namespace

void watch_range(const char* begin, int64_t size, int count) {
  range = {begin, size, count};
  void* frame = nullptr;
  ::backtrace(&frame, 1);  // loads what it needs, which a handler may not
  struct sigaction action{};
  action.sa_sigaction = &on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGSEGV, &action, &before);
}

void note_operators() {
  at::addGlobalCallback(at::RecordFunctionCallback(&enter, &leave).scopes({at::RecordScope::FUNCTION}));
}

}  // namespace standin
