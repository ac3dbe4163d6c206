#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>

#include "environment.h"
#include "fields.h"
#include "kernels/actor-critic.h"
#include "kernels/perceptron-layout.h"
#include "kernels/plain-tensor.h"
#include "kernels/registry.h"
#include "kernels/tiles.h"
#include "values.h"

// What JavaScript passes for a gradient of actor-critic.h, checked before any of it is looked into.

namespace soo {

namespace {

constexpr int64_t kMost = 1 << 20;
/** Tensors of a network: parameters, running mean, running variance, batches counted. */
constexpr size_t kTensors = 4;

bool is_vector(const at::Tensor& tensor) { return is_plain(tensor, c10::kFloat, 1) && tensor.is_contiguous(); }

bool is_matrix(const at::Tensor& tensor) { return is_plain(tensor, c10::kFloat, 2) && tensor.is_contiguous(); }

void require_count(const std::string& name, const at::Tensor& tensor, int64_t wanted) {
  if (tensor.numel() == wanted) return;
  throw BadArgument("expected " + name + " of " + std::to_string(wanted) + " numbers, got " + describe(tensor));
}

void require_size(const std::string& name, int64_t size) {
  if (size >= 1 && size <= kMost) return;
  throw BadArgument("expected 1 to " + std::to_string(kMost) + " " + name + ", got " + std::to_string(size));
}

/** A task and the tensors that it points into. */
struct Arguments {
  at::Tensor transitions;
  std::vector<int64_t> sizes;
  std::vector<at::Tensor> agents, critic, target;
  ActorCriticTask task;
};

/** transitions, tensors of the agents, critic, { sizes (what each agent sees, and does), index, hidden, momentum, eps,
 * leak } */
Arguments read(Environment& self, const Napi::CallbackInfo& info) {
  Arguments read;
  read.transitions = self.tensors.get(to_double(self.env, info[0]));
  read.agents = to_tensors(self, info[1]);
  read.critic = to_tensors(self, info[2]);
  const Fields batch(info[3]);
  read.sizes = batch.integers("sizes");
  read.task.index = static_cast<size_t>(batch.integer("index"));
  read.task.hidden = batch.integer("hidden");
  read.task.momentum = batch.number("momentum");
  read.task.eps = batch.number("eps");
  read.task.leak = batch.single("leak");
  return read;
}

bool is_network(const at::Tensor* tensors) {
  return is_vector(tensors[0]) && is_vector(tensors[1]) && is_vector(tensors[2]) && is_plain(tensors[3], c10::kLong, 0);
}

/** Whether all of it is of the kind that is computed with. */
bool is_plain(const Arguments& read) {
  for (size_t k = 0; k < read.agents.size(); k += kTensors) {
    const at::Tensor* tensors = read.agents.data() + k;
    if (tensors[1].defined() ? !is_network(tensors) : !is_matrix(tensors[0])) return false;
  }
  return has_tiles() && is_matrix(read.transitions) && is_network(read.critic.data()) &&
         (read.target.empty() || is_network(read.target.data()));
}

NetworkState network_at(const std::string& name, const at::Tensor* tensors, int64_t columns, int64_t hidden,
                        int64_t outputs) {
  require_count("parameters of " + name, tensors[0], PerceptronLayout(columns, hidden, outputs).end);
  require_count("a running mean of " + name, tensors[1], columns);
  require_count("a running variance of " + name, tensors[2], columns);
  return {tensors[0].const_data_ptr<float>(),
          {tensors[1].mutable_data_ptr<float>(), tensors[2].mutable_data_ptr<float>(),
           tensors[3].mutable_data_ptr<int64_t>()}};
}

void check_lists(const Arguments& read) {
  const size_t count = read.sizes.size() / 2;
  if (count < 1 || count > kMost || read.sizes.size() != 2 * count)
    throw BadArgument("expected two sizes of each agent");
  if (read.agents.size() != kTensors * count || read.critic.size() != kTensors ||
      (!read.target.empty() && read.target.size() != kTensors)) {
    throw BadArgument("expected four tensors of each network");
  }
  if (read.task.index >= count) throw BadArgument("expected the index of one of " + std::to_string(count) + " agents");
  require_size("hidden units", read.task.hidden);
  for (const int64_t size : read.sizes) require_size("numbers that an agent sees or acts by", size);
}

/** Points the task into the tensors, which fit together then. */
void connect(Arguments& read) {
  ActorCriticTask& task = read.task;
  task.rows = read.transitions.size(0);
  task.width = read.transitions.size(1);
  task.transitions = read.transitions.const_data_ptr<float>();
  if (task.rows < 2 || task.rows > kMost)
    throw BadArgument("expected 2 to " + std::to_string(kMost) + " transitions, got " + std::to_string(task.rows));
  for (size_t k = 0; k < read.sizes.size() / 2; ++k) {
    const at::Tensor* tensors = read.agents.data() + kTensors * k;
    ActingAgent agent{read.sizes[2 * k], read.sizes[2 * k + 1], std::nullopt, nullptr};
    if (tensors[1].defined()) {
      agent.policy = network_at("a policy", tensors, agent.seen, task.hidden, agent.acts);
    } else {
      require_count("actions", tensors[0], task.rows * agent.acts);
      agent.actions = tensors[0].const_data_ptr<float>();
    }
    task.agents.push_back(agent);
  }
  if (!task.agents[task.index].policy) throw BadArgument("expected the agent that learns to have a policy");
  const int64_t width = task.joint() + task.all_seen() + static_cast<int64_t>(task.agents.size()) + 1;
  if (task.width != width)
    throw BadArgument("expected transitions of " + std::to_string(width) + " numbers, got " +
                      describe(read.transitions));
  task.critic = network_at("a critic", read.critic.data(), task.joint(), task.hidden, 1);
}

/** [gradient, loss] */
Napi::Value pair(Environment& self, const at::Tensor& gradient, double loss) {
  auto result = Napi::Array::New(self.env, 2);
  result.Set(uint32_t{0}, from_tensor(self, gradient));
  result.Set(uint32_t{1}, loss);
  return result;
}

/**
 * criticGradient(transitions, target policies or next actions, critic, batch, target critic, { mean, deviation, gamma,
 * throughLast }), of rewards the former two: gradient and loss, or null where it is not for this code
 */
Napi::Value critic_gradient_of(Environment& self, const Napi::CallbackInfo& info) {
  Arguments arguments = read(self, info);
  arguments.target = to_tensors(self, info[4]);
  const Fields fields(info[5]);
  TargetOptions options{
      {}, fields.single("mean"), fields.single("deviation"), fields.single("gamma"), fields.boolean("throughLast")};
  check_lists(arguments);
  if (arguments.target.empty()) throw BadArgument("expected four tensors of each network");
  if (!is_plain(arguments)) return self.env.Null();
  connect(arguments);
  const ActorCriticTask& task = arguments.task;
  options.critic = network_at("a target", arguments.target.data(), task.joint(), task.hidden, 1);
  const at::AutoDispatchBelowADInplaceOrView below;
  const at::Tensor gradient = at::empty({arguments.critic[0].numel()}, at::kFloat);
  const double loss = critic_gradient(task, options, gradient.mutable_data_ptr<float>());
  return pair(self, gradient, loss);
}

/** policyGradient(transitions, policies or actions, critic, batch, penalty): likewise */
Napi::Value policy_gradient_of(Environment& self, const Napi::CallbackInfo& info) {
  Arguments arguments = read(self, info);
  const float penalty = static_cast<float>(to_double(self.env, info[4]));
  check_lists(arguments);
  if (!is_plain(arguments)) return self.env.Null();
  connect(arguments);
  const at::AutoDispatchBelowADInplaceOrView below;
  const at::Tensor gradient = at::empty({arguments.agents[kTensors * arguments.task.index].numel()}, at::kFloat);
  const double loss = policy_gradient(arguments.task, penalty, gradient.mutable_data_ptr<float>());
  return pair(self, gradient, loss);
}

const KernelFunctions kFunctions([](Napi::Object exports) {
  define<critic_gradient_of>(exports, "criticGradient");
  define<policy_gradient_of>(exports, "policyGradient");
});

}  // namespace

}  // namespace soo
