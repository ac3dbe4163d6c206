#include "kernels/actor-critic.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tanh.h>

#include "kernels/normalised-columns.h"
#include "kernels/small-network.h"

namespace soo {

namespace {

/** Calls `work` with the first row of every block and how many it has. */
template <class Work>
void in_blocks(int64_t rows, const Work& work) {
  for (int64_t row = 0; row < rows; row += kBlock) work(row, std::min(kBlock, rows - row));
}

SmallNetwork policy_of(const ActorCriticTask& task, const ActingAgent& agent, Scratch& scratch) {
  return {agent.policy->parameters, {agent.seen, task.hidden, agent.acts}, task.leak, scratch};
}

SmallNetwork critic_of(const ActorCriticTask& task, const NetworkState& critic, Scratch& scratch) {
  return {critic.parameters, {task.joint(), task.hidden, 1}, task.leak, scratch};
}

void bound(float* actions, int64_t count) { at::from_blob(actions, {count}, at::kFloat).tanh_(); }

/** What an agent's policy does about its columns, `[rows, acts]`; all rows' hidden layers are kept where they are asked
 * for. */
float* act(const ActorCriticTask& task, size_t index, const NormalisedColumns& seen, const SmallNetwork& policy,
           const HiddenLayers* kept, Scratch& scratch) {
  const ActingAgent& agent = task.agents[index];
  const int64_t column = task.seen_before(index), width = policy.width();
  float* actions = scratch.take(task.rows * agent.acts);
  const HiddenLayers block = kept != nullptr ? *kept : policy.make_layers(kBlock, scratch);
  in_blocks(task.rows, [&](int64_t row, int64_t count) {
    const int64_t at = kept != nullptr ? row * width : 0;
    policy.forward(seen.from(row, column), count, {block.h1 + at, block.h2 + at}, actions + row * agent.acts);
  });
  seen.move(agent.policy->running, column, agent.seen, task.momentum);
  bound(actions, task.rows * agent.acts);
  return actions;
}

/** Fills the columns of an agent's actions, given or its policy's, from the columns of what it sees. */
void fill_actions(const ActorCriticTask& task, size_t index, NormalisedColumns& columns, Scratch& scratch) {
  const ActingAgent& agent = task.agents[index];
  const float* actions = agent.actions;
  if (agent.policy) actions = act(task, index, columns, policy_of(task, agent, scratch), nullptr, scratch);
  columns.fill(task.all_seen() + task.acts_before(index), agent.acts, actions, agent.acts);
}

/** What the target of the critic says about what comes next, `[rows]`. */
float* next_values(const ActorCriticTask& task, const NetworkState& target, Scratch& scratch) {
  NormalisedColumns next(task.rows, task.joint(), task.eps, scratch);
  next.fill(0, task.all_seen(), task.transitions + task.joint(), task.width);
  for (size_t k = 0; k < task.agents.size(); ++k) fill_actions(task, k, next, scratch);
  const SmallNetwork critic = critic_of(task, target, scratch);
  const HiddenLayers layers = critic.make_layers(kBlock, scratch);
  float* values = scratch.take(task.rows);
  in_blocks(task.rows,
            [&](int64_t row, int64_t count) { critic.forward(next.from(row, 0), count, layers, values + row); });
  next.move(target.running, 0, task.joint(), task.momentum);
  return values;
}

/** Turns values of what comes next into what the critic should say. */
void add_rewards(const ActorCriticTask& task, const TargetOptions& target, float* values) {
  const int64_t last = task.width - 1, paid = last - static_cast<int64_t>(task.agents.size() - task.index);
  for (int64_t row = 0; row < task.rows; ++row) {
    const float* transition = task.transitions + row * task.width;
    const float reward = target.deviation > 0 ? (transition[paid] - target.mean) / target.deviation : transition[paid];
    const float after = target.through_last ? values[row] : values[row] * (1 - transition[last]);
    values[row] = reward + target.gamma * after;
  }
}

}  // namespace

int64_t ActorCriticTask::all_seen() const { return seen_before(agents.size()); }

int64_t ActorCriticTask::joint() const { return all_seen() + acts_before(agents.size()); }

int64_t ActorCriticTask::seen_before(size_t agent) const {
  int64_t sum = 0;
  for (size_t k = 0; k < agent; ++k) sum += agents[k].seen;
  return sum;
}

int64_t ActorCriticTask::acts_before(size_t agent) const {
  int64_t sum = 0;
  for (size_t k = 0; k < agent; ++k) sum += agents[k].acts;
  return sum;
}

double critic_gradient(const ActorCriticTask& task, const TargetOptions& target, float* gradient) {
  Scratch scratch;
  float* wanted = next_values(task, target.critic, scratch);
  add_rewards(task, target, wanted);
  NormalisedColumns columns(task.rows, task.joint(), task.eps, scratch);
  columns.fill(0, task.joint(), task.transitions, task.width);
  const SmallNetwork critic = critic_of(task, task.critic, scratch);
  const HiddenLayers layers = critic.make_layers(kBlock, scratch);
  WeightGradients sums = critic.make_gradients(scratch);
  double loss = 0;
  float values[kBlock];
  in_blocks(task.rows, [&](int64_t row, int64_t count) {
    const Rows input = columns.from(row, 0);
    critic.forward(input, count, layers, values);
    for (int64_t i = 0; i < count; ++i) {
      const float apart = values[i] - wanted[row + i];
      loss += static_cast<double>(apart) * apart;
      values[i] = 2 * apart / static_cast<float>(task.rows);
    }
    critic.backward(values, input, count, layers, sums);
  });
  columns.move(task.critic.running, 0, task.joint(), task.momentum);
  critic.finish(sums, gradient);
  return loss / static_cast<double>(task.rows);
}

namespace {

/** Minus the critic's mean value, and its gradient with regard to the agent's own actions: `[rows, acts]`. */
double criticise(const ActorCriticTask& task, const NormalisedColumns& columns, float* grad, Scratch& scratch) {
  const int64_t acts = task.agents[task.index].acts, own = task.all_seen() + task.acts_before(task.index);
  const SmallNetwork critic = critic_of(task, task.critic, scratch);
  const HiddenLayers layers = critic.make_layers(kBlock, scratch);
  double total = 0;
  float values[kBlock];
  in_blocks(task.rows, [&](int64_t row, int64_t count) {
    critic.forward(columns.from(row, 0), count, layers, values);
    for (int64_t i = 0; i < count; ++i) total += values[i];
    std::fill_n(values, count, -1 / static_cast<float>(task.rows));
    critic.backward(values, count, layers);
    critic.input_gradient(layers, count, own, acts, grad + row * acts);
  });
  columns.move(task.critic.running, 0, task.joint(), task.momentum);
  columns.backward(own, acts, grad);
  return -total / static_cast<double>(task.rows);
}

}  // namespace

double policy_gradient(const ActorCriticTask& task, float penalty, float* gradient) {
  Scratch scratch;
  const ActingAgent& agent = task.agents[task.index];
  const int64_t acts = agent.acts, own = task.seen_before(task.index), count = task.rows * acts;
  NormalisedColumns columns(task.rows, task.joint(), task.eps, scratch);
  columns.fill(0, task.all_seen(), task.transitions, task.width);
  const SmallNetwork policy = policy_of(task, agent, scratch);
  const HiddenLayers layers = policy.make_layers(task.rows, scratch);
  const float* actions = act(task, task.index, columns, policy, &layers, scratch);
  columns.fill(task.all_seen() + task.acts_before(task.index), acts, actions, acts);
  for (size_t k = 0; k < task.agents.size(); ++k) {
    if (k != task.index) fill_actions(task, k, columns, scratch);
  }
  float* grad = scratch.take(count);
  const double loss = criticise(task, columns, grad, scratch);
  const float each = 2 * penalty / static_cast<float>(count);
  for (int64_t i = 0; i < count; ++i) grad[i] = (grad[i] + each * actions[i]) * (1 - actions[i] * actions[i]);
  WeightGradients sums = policy.make_gradients(scratch);
  in_blocks(task.rows, [&](int64_t row, int64_t rows) {
    const int64_t at = row * policy.width();
    policy.backward(grad + row * acts, columns.from(row, own), rows, {layers.h1 + at, layers.h2 + at}, sums);
  });
  policy.finish(sums, gradient);
  return loss;
}

}  // namespace soo
