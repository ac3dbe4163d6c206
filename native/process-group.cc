#define USE_C10D_GLOO

#include "process-group.h"

#include <ATen/ATen.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "cuda/nccl.h"
#include "environment.h"
#include "values.h"

namespace soo {

// The way to native/cuda/nccl.cc, whose library is opened before this one where it was built.
__attribute__((weak)) c10::intrusive_ptr<c10d::Backend> make_nccl(c10::intrusive_ptr<c10d::Store>, int, int,
                                                                  std::chrono::milliseconds);

bool has_nccl() { return make_nccl != nullptr; }

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const char* const kFailed = "failed";
const char* const kClosed = "closed";
constexpr milliseconds kPoll{20};
/** How long the reason of a rank that is gone is waited for. */
constexpr milliseconds kReasonTime{500};
/** How long ranks wait for each other as they end. */
constexpr milliseconds kCloseTime{5000};
constexpr milliseconds kAbandonTime{1000};

/** One line in words: gloo puts its source line in front, and c10d a backtrace behind. */
std::string plain_text(std::string message) {
  message = message.substr(0, message.find('\n'));
  while (!message.empty() && message.front() == '[') {
    const size_t end = message.find("] ");
    const size_t source = message.find(".cc:");
    if (end == std::string::npos || source == std::string::npos || source > end) break;
    message.erase(0, end + 2);
  }
  return message.substr(0, message.find(". This is typically"));
}

/** c10d writes every vain attempt to stderr, with a backtrace; what came of them is told by the error that is thrown.
 */
void quieten_c10d() {
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = c10::GLOG_FATAL;
}

std::string seconds_text(milliseconds time) {
  std::ostringstream text;
  text << static_cast<double>(time.count()) / 1000 << " s";
  return text.str();
}

const char* name_of(Collective what) {
  switch (what) {
    case Collective::reduce_sum:
      return "allReduce (sum)";
    case Collective::reduce_average:
      return "allReduce (avg)";
    case Collective::reduce_max:
      return "allReduce (max)";
    case Collective::broadcast:
      return "broadcast";
    case Collective::gather:
      return "allGather";
    case Collective::gather_bytes:
      return "allGatherBytes";
    default:
      return "barrier";
  }
}

// What every rank says of a collective before it: another size on another rank would end the process inside of gloo.
constexpr int64_t kMostSizes = 8;
constexpr int64_t kWhat = 0, kRoot = 1, kDtype = 2, kNumel = 3, kDevice = 4, kDims = 5, kSizes = 6,
                  kHeader = kSizes + kMostSizes;

std::vector<int64_t> header_of(Collective what, const at::Tensor& input, int root) {
  std::vector<int64_t> header(kHeader, 0);
  header[kWhat] = static_cast<int64_t>(what);
  header[kRoot] = root;
  if (!input.defined()) return header;
  header[kDtype] = static_cast<int64_t>(input.scalar_type());
  header[kNumel] = input.numel();
  header[kDevice] = static_cast<int64_t>(input.device().type());
  if (what == Collective::gather_bytes) return header;
  header[kDims] = input.dim();
  for (int64_t i = 0; i < std::min(input.dim(), kMostSizes); ++i) header[kSizes + i] = input.size(i);
  return header;
}

std::string text_of(const int64_t* header) {
  std::ostringstream text;
  const auto what = static_cast<Collective>(header[kWhat]);
  text << name_of(what);
  if (what == Collective::broadcast) text << " from rank " << header[kRoot];
  if (what == Collective::barrier || what == Collective::gather_bytes) return text.str();
  text << " of " << dtype_name(static_cast<c10::ScalarType>(header[kDtype])) << " [";
  for (int64_t i = 0; i < std::min(header[kDims], kMostSizes); ++i) text << (i > 0 ? ", " : "") << header[kSizes + i];
  text << "]";
  const auto device = static_cast<c10::DeviceType>(header[kDevice]);
  if (device != c10::kCPU) text << " on " << c10::DeviceTypeName(device, /*lower_case=*/true);
  return text.str();
}

c10d::ReduceOp reduction_of(Collective what) {
  // Gloo has no average of its own.
  return what == Collective::reduce_max ? c10d::ReduceOp::MAX : c10d::ReduceOp::SUM;
}

}  // namespace

struct ProcessGroup::Connection {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  /** Made when the ranks first have something on GPUs. */
  c10::intrusive_ptr<c10d::Backend> nccl;

  ~Connection() {
    if (nccl) nccl->abort();  // nothing is on its way any more, or it is stuck
  }

  /** Who carries a tensor: every rank has it on the same kind of device. */
  c10d::Backend& carrier_of(const at::Tensor& tensor, const GroupOptions& options) {
    if (tensor.is_cpu()) return *gloo;
    if (!nccl) {
      nccl =
          make_nccl(c10::make_intrusive<c10d::PrefixStore>("nccl", store), options.rank, options.size, options.timeout);
    }
    return *nccl;
  }

  std::vector<at::Tensor> gather(at::Tensor input, const GroupOptions& options) {
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int i = 0; i < options.size; ++i) outputs[0].push_back(at::empty_like(input));
    c10d::Backend& carrier = carrier_of(input, options);
    std::vector<at::Tensor> inputs{std::move(input)};
    carrier.allgather(outputs, inputs)->wait();
    return outputs[0];
  }
};

ProcessGroup::ProcessGroup(GroupOptions options) : options(std::move(options)) {}

ProcessGroup::~ProcessGroup() {
  if (thread_.joinable()) thread_.detach();
}

void ProcessGroup::start() {
  thread_ = std::thread([self = shared_from_this()] { self->work(); });
}

void ProcessGroup::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty()) break;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job(*this);
    lock.lock();
  }
  lock.unlock();
  connection_.reset();
  lock.lock();
  ended_ = true;
  changed_.notify_all();
}

bool ProcessGroup::post(Job job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ending_) return false;
  jobs_.push_back(std::move(job));
  changed_.notify_all();
  return true;
}

void ProcessGroup::end() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ending_ = true;
  changed_.notify_all();
}

void ProcessGroup::abandon() {
  std::unique_lock<std::mutex> lock(mutex_);
  ending_ = true;
  changed_.notify_all();
  changed_.wait_for(lock, kAbandonTime, [&] { return ended_; });
}

void ProcessGroup::connect() {
  quieten_c10d();
  try {
    c10d::TCPStoreOptions store;
    store.port = static_cast<std::uint16_t>(options.port);
    store.isServer = options.hosts_store;
    store.timeout = options.timeout;
    auto connection = std::make_unique<Connection>();
    connection->store = c10::make_intrusive<c10d::PrefixStore>(
        options.prefix, c10::make_intrusive<c10d::TCPStore>(options.host, store));
    auto gloo = c10d::ProcessGroupGloo::Options::create(options.timeout);
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    gloo->devices.push_back(interface != nullptr && *interface != '\0'
                                ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                : c10d::ProcessGroupGloo::createDefaultDevice());
    connection->gloo =
        c10::make_intrusive<c10d::ProcessGroupGloo>(connection->store, options.rank, options.size, std::move(gloo));
    connection->store->setTimeout(kCloseTime);
    connection_ = std::move(connection);
  } catch (const c10::Error& error) {
    broken_ = plain_text(error.what_without_backtrace());
  } catch (const std::exception& error) {
    broken_ = plain_text(error.what());
  }
  if (connection_) return;
  const std::string where = options.host + ":" + std::to_string(options.port);
  throw RankLost((options.hosts_store ? "cannot gather the ranks at " : "cannot reach the other ranks through ") +
                 where + " within " + seconds_text(options.timeout) + ": " + broken_);
}

void ProcessGroup::require_connected() const {
  if (!broken_.empty()) throw RankLost("the process group has broken before: " + broken_);
  if (!connection_) throw RankLost("the process group is closed");
}

void ProcessGroup::require_same(Collective what, const at::Tensor& input, int root, std::vector<int64_t>& lengths) {
  const std::vector<int64_t> own = header_of(what, input, root);
  const auto all = connection_->gather(at::tensor(own, at::kLong), options);
  for (int rank = 0; rank < options.size; ++rank) {
    const int64_t* other = all[rank].const_data_ptr<int64_t>();
    lengths.push_back(other[kNumel]);
    for (int64_t i = 0; i < kHeader; ++i) {
      if (other[i] == own[i] || (i == kNumel && what == Collective::gather_bytes)) continue;
      throw BadArgument("the ranks do not agree: here it is " + text_of(own.data()) + ", on rank " +
                        std::to_string(rank) + " it is " + text_of(other));
    }
  }
}

std::vector<at::Tensor> ProcessGroup::run(Collective what, const at::Tensor& input, int root) {
  require_connected();
  try {
    std::vector<int64_t> lengths;
    require_same(what, input, root, lengths);
    if (what == Collective::barrier) return {};
    if (what == Collective::gather) return connection_->gather(input, options);
    if (what == Collective::gather_bytes) {
      const int64_t most = *std::max_element(lengths.begin(), lengths.end());
      if (most == 0) return std::vector<at::Tensor>(options.size, input);
      auto padded = at::zeros({most}, at::kByte);
      padded.narrow(0, 0, input.numel()).copy_(input);
      auto all = connection_->gather(padded, options);
      for (int rank = 0; rank < options.size; ++rank) all[rank] = all[rank].narrow(0, 0, lengths[rank]);
      return all;
    }
    if (input.numel() == 0) return {input};
    std::vector<at::Tensor> tensors{input};
    if (what == Collective::broadcast) {
      c10d::BroadcastOptions broadcast;
      broadcast.rootRank = root;
      connection_->carrier_of(input, options).broadcast(tensors, broadcast)->wait();
      return tensors;
    }
    c10d::AllreduceOptions reduce;
    reduce.reduceOp = reduction_of(what);
    connection_->carrier_of(input, options).allreduce(tensors, reduce)->wait();
    if (what == Collective::reduce_average) tensors[0].div_(options.size);
    return tensors;
  } catch (const BadArgument&) {
    throw;
  } catch (const c10::Error& error) {
    throw RankLost(explain(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    throw RankLost(explain(error.what()));
  }
}

std::string ProcessGroup::explain(const std::string& problem) {
  const bool late = problem.find("imed out") != std::string::npos || problem.find("imeout") != std::string::npos;
  broken_ = late ? "another rank gave no answer within " + seconds_text(options.timeout)
                 : "another rank is gone (" + plain_text(problem) + ")";
  try {
    const auto until = steady_clock::now() + kReasonTime;
    do {
      if (connection_->store->check({kFailed})) {
        const std::vector<uint8_t> reason = connection_->store->get(kFailed);
        broken_ = std::string(reason.begin(), reason.end());
        break;
      }
      std::this_thread::sleep_for(kPoll);
    } while (steady_clock::now() < until);
  } catch (const std::exception&) {
    // The store went with the rank that had it.
  }
  return broken_;
}

void ProcessGroup::tell_failure(const std::string& reason) {
  if (!connection_ || !broken_.empty()) return;
  const std::string text = "rank " + std::to_string(options.rank) + " has failed: " + reason;
  broken_ = text;
  try {
    connection_->store->set(kFailed, std::vector<uint8_t>(text.begin(), text.end()));
    // Whoever has the store stays for a moment, so that the others can read it.
    if (options.hosts_store) std::this_thread::sleep_for(kReasonTime);
  } catch (const std::exception&) {
    // Nobody is left to be told.
  }
}

void ProcessGroup::disconnect() {
  if (!connection_) return;
  if (broken_.empty()) {
    try {
      // A connection that is closed takes along what the other side has not read yet.
      int64_t closed = connection_->store->add(kClosed, 1);
      const auto until = steady_clock::now() + kCloseTime;
      while (closed < options.size && steady_clock::now() < until) {
        std::this_thread::sleep_for(kPoll);
        closed = connection_->store->add(kClosed, 0);
      }
    } catch (const std::exception&) {
      // Whoever had the store is through already.
    }
  }
  connection_.reset();
}

}  // namespace soo
