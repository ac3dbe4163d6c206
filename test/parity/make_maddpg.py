"""Writes maddpg.json: one round of MADDPG updates of both agents, as PyTorch computes it.

    python test/parity/make_maddpg.py

Networks, losses, clipping, Adam and target updates as in maddpg-pytorch (shariqiqbal2810), which the paper's code
modifies; weights, running statistics and batches are drawn here. Hidden layers of 16 instead of 64 keep the file small.
"""
import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
OBSERVATIONS, ACTIONS, HIDDEN, BATCH = [6, 10], [2, 2], 16, 32
GAMMA, TAU, LR, CLIP, PENALTY = 0.95, 0.01, 0.01, 0.5, 1e-3
MOMENTS = [[1.5, 2.25], [3.0, 4.5]]  # mean and deviation of the buffer's rewards
JOINT = sum(OBSERVATIONS) + sum(ACTIONS)


class Network(nn.Module):
    def __init__(self, inputs, outputs, bounded):
        super().__init__()
        self.in_fn = nn.BatchNorm1d(inputs)
        self.fc1 = nn.Linear(inputs, HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, HIDDEN)
        self.fc3 = nn.Linear(HIDDEN, outputs)
        self.bounded = bounded

    def layers(self, x):
        h1 = F.leaky_relu(self.fc1(self.in_fn(x)))
        h2 = F.leaky_relu(self.fc2(h1))
        out = self.fc3(h2)
        return h1, h2, torch.tanh(out) if self.bounded else out

    def forward(self, x):
        return self.layers(x)[2]


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().double().flatten().tolist()]


def state(net):
    return {name: dict(shape=list(t.shape), values=numbers(t)) for name, t in net.state_dict().items()}


def gradients(net):
    return {name: numbers(p.grad) for name, p in net.named_parameters()}


def draw(inputs, outputs, bounded):
    net = Network(inputs, outputs, bounded)
    with torch.no_grad():
        net.in_fn.weight.uniform_(0.5, 1.5)
        net.in_fn.bias.uniform_(-0.3, 0.3)
        net.in_fn.running_mean.normal_(0, 0.2)
        net.in_fn.running_var.uniform_(0.5, 2)
        if bounded:
            net.fc3.weight.uniform_(-0.5, 0.5)  # far from 0, so that tanh bends
    return net


NAMES = ("policy", "critic", "target_policy", "target_critic")
torch.manual_seed(4)
torch.set_num_threads(1)
agents = []
for k in range(2):
    sizes = ((OBSERVATIONS[k], ACTIONS[k], True), (JOINT, 1, False))
    agents.append(dict(zip(NAMES, [draw(*sizes[i % 2]) for i in range(4)])))

out = dict(observations=OBSERVATIONS, actions=ACTIONS, hidden=HIDDEN, batch=BATCH, moments=MOMENTS,
           options=dict(gamma=GAMMA, tau=TAU, lr=LR, maxGradNorm=CLIP, actionPenalty=PENALTY),
           before=[{n: state(a[n]) for n in NAMES} for a in agents], updates=[])
evaluated = torch.randn(3, OBSERVATIONS[1])
agents[1]["policy"].eval()
h1, h2, action = agents[1]["policy"].layers(evaluated)
out["evaluated"] = dict(input=numbers(evaluated), h1=numbers(h1), h2=numbers(h2), action=numbers(action))
agents[1]["policy"].train()

for a in agents:
    for kind in ("policy", "critic"):
        a[kind + "_optimizer"] = torch.optim.Adam(a[kind].parameters(), lr=LR)

for i, agent in enumerate(agents):
    # [observations, actions, next observations, rewards, last], as the replay buffer's rows are
    obs, nobs = ([torch.randn(BATCH, n) * 0.7 + 0.2 for n in OBSERVATIONS] for _ in range(2))
    acts = [torch.rand(BATCH, n) * 2 - 1 for n in ACTIONS]
    rewards = [torch.randint(0, 16, (BATCH, 1)).float() for _ in range(2)]
    last = (torch.rand(BATCH, 1) < 0.2).float()
    for t in obs + nobs:
        t[:, -1] = (t[:, -1] > 0).float()  # a flag
    rows = torch.cat([*obs, *acts, *nobs, *rewards, last], 1)

    mean, std = MOMENTS[i]
    with torch.no_grad():
        nacts = [a["target_policy"](o) for a, o in zip(agents, nobs)]
        y = (rewards[i] - mean) / std + GAMMA * agent["target_critic"](torch.cat([*nobs, *nacts], 1))
    agent["critic_optimizer"].zero_grad()
    critic_loss = F.mse_loss(agent["critic"](torch.cat([*obs, *acts], 1)), y)
    critic_loss.backward()
    critic_norm = nn.utils.clip_grad_norm_(agent["critic"].parameters(), CLIP)
    critic_gradients = gradients(agent["critic"])
    agent["critic_optimizer"].step()

    agent["policy_optimizer"].zero_grad()
    own = agent["policy"](obs[i])
    chosen = [own if k == i else a["policy"](obs[k]) for k, a in enumerate(agents)]
    policy_loss = -agent["critic"](torch.cat([*obs, *chosen], 1)).mean()
    (policy_loss + PENALTY * own.pow(2).mean()).backward()
    policy_norm = nn.utils.clip_grad_norm_(agent["policy"].parameters(), CLIP)
    policy_gradients = gradients(agent["policy"])
    agent["policy_optimizer"].step()
    out["updates"].append(dict(rows=numbers(rows), target=numbers(y), criticLoss=critic_loss.item(), policyLoss=policy_loss.item(),
                               criticGradNorm=critic_norm.item(), policyGradNorm=policy_norm.item(),
                               gradients=dict(critic=critic_gradients, policy=policy_gradients)))

with torch.no_grad():
    for agent in agents:
        for kind in ("policy", "critic"):
            for target, source in zip(agent["target_" + kind].parameters(), agent[kind].parameters()):
                target.copy_(target * (1 - TAU) + source * TAU)

out["after"] = [{n: state(a[n]) for n in NAMES} for a in agents]
out["made_with"] = dict(torch=torch.__version__)
with open(os.path.join(HERE, "maddpg.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
print(os.path.getsize(os.path.join(HERE, "maddpg.json")))
for u in out["updates"]:
    print({k: v for k, v in u.items() if isinstance(v, float)})
