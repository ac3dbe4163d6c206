#include "process-groups.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "environment.h"
#include "process-group.h"
#include "values.h"

namespace soo {

namespace {

constexpr int64_t kMostRanks = 65536;
constexpr int64_t kMostPort = 65535;
constexpr int64_t kLongestTimeout = int64_t{1} << 31;

/** What came of a job, on its way from the group's thread to the promise. */
struct Outcome {
  Outcome(Environment& self, std::shared_ptr<GroupHandle> handle, const char* where)
      : promise(Napi::Promise::Deferred::New(self.env)), handle(std::move(handle)), where(where) {}

  Napi::Promise::Deferred promise;
  std::shared_ptr<GroupHandle> handle;
  const char* where;
  /** One tensor rather than a list of them. */
  bool single = false;
  bool closes = false;
  c10::Device device{c10::kCPU};
  std::vector<at::Tensor> tensors;
  std::exception_ptr error;
};

void settle(Napi::Env env, Napi::Function, std::nullptr_t*, Outcome* raw);
using Port = Napi::TypedThreadSafeFunction<std::nullptr_t, Outcome, settle>;

}  // namespace

/** A group as one environment has it. */
struct GroupHandle {
  explicit GroupHandle(GroupOptions options) : group(std::make_shared<ProcessGroup>(std::move(options))) {}

  /** From the group's thread. Nothing is told once the environment is gone. */
  void tell(std::unique_ptr<Outcome> outcome) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!gone && port.NonBlockingCall(outcome.get()) == napi_ok) outcome.release();
  }

  const std::shared_ptr<ProcessGroup> group;
  Port port;
  std::mutex mutex;
  bool gone = false;
  size_t pending = 0;  // what follows is the JavaScript thread's
};

namespace {

/** Whether somebody waits decides whether the event loop goes on. */
void count_pending(Napi::Env env, GroupHandle& handle, bool more) {
  if (more && handle.pending++ == 0) handle.port.Ref(env);
  if (!more && --handle.pending == 0) handle.port.Unref(env);
}

Napi::Value value_of(Environment& self, Outcome& outcome) {
  for (at::Tensor& tensor : outcome.tensors) tensor = tensor.to(outcome.device);
  if (outcome.single) return from_tensor(self, outcome.tensors.at(0));
  return from_tensors(self, outcome.tensors);
}

Napi::Value error_of(Environment& self, const Outcome& outcome) {
  try {
    std::rethrow_exception(outcome.error);
  } catch (const RankLost& error) {
    throw_message(self, "Error", std::string(outcome.where) + ": " + error.what(), "ERR_RANK_LOST");
  } catch (...) {
    throw_to_javascript(self, outcome.where);
  }
  return self.env.GetAndClearPendingException().Value();
}

void settle(Napi::Env env, Napi::Function, std::nullptr_t*, Outcome* raw) {
  const std::unique_ptr<Outcome> outcome(raw);
  if (static_cast<napi_env>(env) == nullptr) return;
  Environment& self = environment_of(env);
  count_pending(env, *outcome->handle, false);
  if (outcome->closes) outcome->handle->port.Release();
  try {
    if (!outcome->error) return outcome->promise.Resolve(value_of(self, *outcome));
  } catch (...) {
    outcome->error = std::current_exception();
  }
  outcome->promise.Reject(error_of(self, *outcome));
}

std::shared_ptr<GroupHandle> group_at(Environment& self, const Napi::Value& id) {
  const auto found = self.groups.find(static_cast<uint32_t>(to_int64(self.env, id)));
  if (found == self.groups.end()) throw BadArgument("the process group is closed");
  return found->second;
}

/** Has the group's thread do something; a promise of what came of it. */
Napi::Value ask(std::unique_ptr<Outcome> outcome, const std::function<void(ProcessGroup&, Outcome&)>& work) {
  const std::shared_ptr<GroupHandle> handle = outcome->handle;
  const Napi::Promise promise = outcome->promise.Promise();
  const Napi::Env env = promise.Env();
  // Copied with the job: std::function wants that.
  const auto shared = std::make_shared<std::unique_ptr<Outcome>>(std::move(outcome));
  count_pending(env, *handle, true);
  const bool posted = handle->group->post([shared, work](ProcessGroup& group) {
    std::unique_ptr<Outcome> outcome = std::move(*shared);
    try {
      work(group, *outcome);
    } catch (...) {
      outcome->error = std::current_exception();
    }
    GroupHandle& to = *outcome->handle;
    to.tell(std::move(outcome));
  });
  if (posted) return promise;
  count_pending(env, *handle, false);
  throw BadArgument("the process group is closed");
}

std::unique_ptr<Outcome> outcome_for(Environment& self, std::shared_ptr<GroupHandle> handle, const char* where) {
  return std::make_unique<Outcome>(self, std::move(handle), where);
}

int64_t whole_within(Environment& self, const Napi::Object& options, const char* name, int64_t least, int64_t most) {
  const int64_t value = to_int64(self.env, options.Get(name));
  if (value >= least && value <= most) return value;
  throw BadArgument(std::string(name) + ": expected " + std::to_string(least) + " to " + std::to_string(most) +
                    ", got " + std::to_string(value));
}

GroupOptions options_of(Environment& self, const Napi::Value& value) {
  if (!value.IsObject()) throw BadArgument("expected an object of options");
  const auto given = value.As<Napi::Object>();
  GroupOptions options;
  options.host = to_string(self.env, given.Get("host"));
  if (options.host.empty()) throw BadArgument("host: expected a name or an address, got an empty text");
  options.port = static_cast<int>(whole_within(self, given, "port", 1, kMostPort));
  options.size = static_cast<int>(whole_within(self, given, "size", 1, kMostRanks));
  options.rank = static_cast<int>(whole_within(self, given, "rank", 0, options.size - 1));
  options.hosts_store = to_bool(self.env, given.Get("hostsStore"));
  options.prefix = to_string(self.env, given.Get("prefix"));
  options.timeout = std::chrono::milliseconds(whole_within(self, given, "timeoutMs", 1, kLongestTimeout));
  return options;
}

/** openGroup(options) -> id; nothing has been reached yet */
Napi::Value open_group(Environment& self, const Napi::CallbackInfo& info) {
  const auto handle = std::make_shared<GroupHandle>(options_of(self, info[0]));
  auto* kept = new std::shared_ptr<GroupHandle>(handle);
  handle->port = Port::New(
      self.env, "soo process group", 0, 1, static_cast<std::nullptr_t*>(nullptr),
      [](Napi::Env, std::shared_ptr<GroupHandle>* kept, std::nullptr_t*) {
        {
          const std::lock_guard<std::mutex> lock((*kept)->mutex);
          (*kept)->gone = true;
        }
        delete kept;
      },
      kept);
  handle->port.Unref(self.env);
  handle->group->start();
  const uint32_t id = self.next_group++;
  self.groups.emplace(id, handle);
  return from_int64(self.env, id);
}

/** connectGroup(id) -> promise; waits for the other ranks */
Napi::Value connect_group(Environment& self, const Napi::CallbackInfo& info) {
  return ask(outcome_for(self, group_at(self, info[0]), "processGroup"),
             [](ProcessGroup& group, Outcome&) { group.connect(); });
}

struct Asked {
  Collective what;
  const char* where;
  bool single;
};

const Asked& collective_named(const std::string& name) {
  static const std::unordered_map<std::string, Asked> table{
      {"sum", {Collective::reduce_sum, "allReduce", true}},
      {"avg", {Collective::reduce_average, "allReduce", true}},
      {"max", {Collective::reduce_max, "allReduce", true}},
      {"broadcast", {Collective::broadcast, "broadcast", true}},
      {"gather", {Collective::gather, "allGather", false}},
      {"gatherBytes", {Collective::gather_bytes, "allGatherBytes", false}},
  };
  const auto found = table.find(name);
  if (found == table.end()) throw BadArgument("there is no collective '" + name + "'");
  return found->second;
}

bool is_carried(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::kFloat:
    case c10::kDouble:
    case c10::kHalf:
    case c10::kBFloat16:
    case c10::kChar:
    case c10::kByte:
    case c10::kInt:
    case c10::kLong:
      return true;
    default:
      return false;
  }
}

/** A copy, which nobody changes while it is on its way: on the processor, unless GPUs carry it themselves. */
at::Tensor to_send(const at::Tensor& tensor, Collective what) {
  if (tensor.layout() != c10::kStrided) throw BadArgument("expected a dense tensor, got " + describe(tensor));
  if (tensor.is_meta()) throw BadArgument("expected a tensor with values, got " + describe(tensor));
  const c10::ScalarType dtype = tensor.scalar_type();
  if (!is_carried(dtype)) {
    throw BadArgument("expected floating-point or whole numbers of 8, 32 or 64 bits, got " + describe(tensor));
  }
  if (what == Collective::reduce_average && !c10::isFloatingType(dtype)) {
    throw BadArgument("an average wants floating-point numbers, got " + describe(tensor));
  }
  if (what == Collective::gather_bytes && (dtype != c10::kByte || tensor.dim() != 1)) {
    throw BadArgument("expected bytes, got " + describe(tensor));
  }
  const c10::Device device = tensor.is_cuda() && has_nccl() ? tensor.device() : c10::Device(c10::kCPU);
  return tensor.detach().to(tensor.options().device(device), /*non_blocking=*/false, /*copy=*/true,
                            c10::MemoryFormat::Contiguous);
}

/** The queues of a device as threads see them: work may be handed from one thread's to another's. */
class DeviceQueue {
 public:
  explicit DeviceQueue(const at::Tensor& tensor)
      : device_(tensor.device()), queued_(std::make_shared<c10::Event>(device_.type())) {
    queued_->record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  }

  /** Runs work behind all that the other thread had queued, and waits for it. */
  template <class Work>
  void run(Work&& work) const {
    const c10::DeviceGuard on(device_);
    const c10::Stream own = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
    queued_->block(own);
    work();
    own.synchronize();
  }

 private:
  const c10::Device device_;
  std::shared_ptr<c10::Event> queued_;
};

/** collective(id, name, tensor, root) -> promise of a handle, or of one for each rank */
Napi::Value collective(Environment& self, const Napi::CallbackInfo& info) {
  auto handle = group_at(self, info[0]);
  const Asked& asked = collective_named(to_string(self.env, info[1]));
  const at::Tensor& tensor = self.tensors.get(to_double(self.env, info[2]));
  const int64_t root = to_int64(self.env, info[3]);
  const int size = handle->group->options.size;
  if (root < 0 || root >= size) {
    throw BadArgument("expected a rank of 0 to " + std::to_string(size - 1) + ", got " + std::to_string(root));
  }
  at::Tensor input = to_send(tensor, asked.what);
  auto outcome = outcome_for(self, std::move(handle), asked.where);
  outcome->single = asked.single;
  outcome->device = tensor.device();
  const auto queue = input.is_cpu() ? std::nullopt : std::make_optional<DeviceQueue>(input);
  return ask(std::move(outcome), [input, queue, what = asked.what, root](ProcessGroup& group, Outcome& outcome) {
    const auto run = [&] { outcome.tensors = group.run(what, input, static_cast<int>(root)); };
    if (queue) return queue->run(run);
    run();
  });
}

/** barrier(id) -> promise */
Napi::Value barrier(Environment& self, const Napi::CallbackInfo& info) {
  return ask(outcome_for(self, group_at(self, info[0]), "barrier"),
             [](ProcessGroup& group, Outcome&) { group.run(Collective::barrier, {}, 0); });
}

/** failGroup(id, reason) -> promise; the others are told the reason when they miss this rank */
Napi::Value fail_group(Environment& self, const Napi::CallbackInfo& info) {
  return ask(outcome_for(self, group_at(self, info[0]), "processGroup"),
             [reason = to_string(self.env, info[1])](ProcessGroup& group, Outcome&) { group.tell_failure(reason); });
}

/** closeGroup(id) -> promise; nothing more can be asked of it */
Napi::Value close_group(Environment& self, const Napi::CallbackInfo& info) {
  const auto handle = group_at(self, info[0]);
  auto outcome = outcome_for(self, handle, "processGroup");
  outcome->closes = true;
  const Napi::Value promise = ask(std::move(outcome), [](ProcessGroup& group, Outcome&) { group.disconnect(); });
  handle->group->end();
  self.groups.erase(static_cast<uint32_t>(to_int64(self.env, info[0])));
  return promise;
}

}  // namespace

void abandon_groups(Environment& self) {
  for (const auto& each : self.groups) each.second->group->abandon();
  self.groups.clear();
}

void define_process_groups(Napi::Object exports) {
  define<open_group>(exports, "openGroup");
  define<connect_group>(exports, "connectGroup");
  define<collective>(exports, "collective");
  define<barrier>(exports, "barrier");
  define<fail_group>(exports, "failGroup");
  define<close_group>(exports, "closeGroup");
}

}  // namespace soo
