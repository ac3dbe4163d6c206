#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "kernels/column-statistics.h"

// The two gradients of an agent's update in multi-agent actor-critic learning (lib/rl/maddpg/gradients.ts computes the
// same one operator after another), on one thread. Sizes are for the caller to check.

namespace soo {

/** A network of perceptron-layout.h that normalises by the batch. */
struct NetworkState {
  const float* parameters;
  RunningStatistics running;
};

struct ActingAgent {
  int64_t seen, acts;
  /** Which action it takes is its policy's to say; without one, what it does is given, `[rows, acts]`. */
  std::optional<NetworkState> policy;
  const float* actions = nullptr;
};

struct ActorCriticTask {
  /** `[rows, all observations, all actions, all next observations, all rewards, last]` */
  const float* transitions;
  int64_t rows, width;
  std::vector<ActingAgent> agents;
  /** Whose update it is. */
  size_t index;
  NetworkState critic;
  int64_t hidden;
  double momentum, eps;
  float leak;

  int64_t all_seen() const;
  int64_t joint() const;
  /** Where what an agent sees begins among all observations; likewise what it does among all actions. */
  int64_t seen_before(size_t agent) const;
  int64_t acts_before(size_t agent) const;
};

/** What the critic should say: reward, less `mean` and over `deviation` where it is above 0, and what comes after. */
struct TargetOptions {
  NetworkState critic;
  float mean, deviation, gamma;
  bool through_last;
};

/** Of the mean squared error; agents act by the targets of their policies. @return the loss */
double critic_gradient(const ActorCriticTask& task, const TargetOptions& target, float* gradient);

/** Of minus the critic's mean value, plus `penalty` times the agent's own mean squared action. @return the first part
 */
double policy_gradient(const ActorCriticTask& task, float penalty, float* gradient);

}  // namespace soo
