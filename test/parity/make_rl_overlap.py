"""Writes rl-overlap.json: losses and gradients of overlap fine-tuning, as PyTorch computes them.

    python test/parity/make_rl_overlap.py

The policy is maddpg-pytorch's, in eval mode, of 16 hidden units instead of 64 to keep the file small. Both forms of the
loss (hidden activations or actions), log(mean over rows of mse + 1e-25), with the term that holds
the policy to the actions of a frozen one; and both once more with upstream's aliasing (Q2): its own actions with noise,
clamped, and times 5.
"""
import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE, HIDDEN, ACTIONS, ROWS = 10, 16, 2, 12
EPS = 1e-25


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_fn = nn.BatchNorm1d(SIZE)
        self.fc1 = nn.Linear(SIZE, HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, HIDDEN)
        self.fc3 = nn.Linear(HIDDEN, ACTIONS)

    def forward(self, x):
        h1 = F.leaky_relu(self.fc1(self.in_fn(x)))
        h2 = F.leaky_relu(self.fc2(h1))
        return torch.cat([h1, h2], 1), torch.tanh(self.fc3(h2))


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().double().flatten().tolist()]


torch.manual_seed(11)
torch.set_num_threads(1)
policy = Policy().eval()
with torch.no_grad():
    policy.in_fn.weight.uniform_(0.5, 1.5)
    policy.in_fn.bias.uniform_(-0.3, 0.3)
    policy.in_fn.running_mean.normal_(0, 0.2)
    policy.in_fn.running_var.uniform_(0.5, 2)
seen = torch.randn(ROWS, SIZE)
seen[:, 6:8] = 0  # red is out of sight
seen[:, 8:] = (torch.rand(ROWS, 1) < 0.5).float()
other = seen.clone()
other[:, 6:8] = torch.rand(ROWS, 2) * 0.25 - 0.125
other[:, 8:] = 0
reference = torch.tanh(torch.randn(ROWS, ACTIONS))
noise = torch.randn(ROWS, ACTIONS)
taken = (policy(seen)[1] + noise).clamp(-1, 1)

cases = []
for what in ("latent", "action"):
    for scaled in (False, True):
        more = [] if scaled else [(-0.5, 2.0)] if what == "latent" else [(1.0, 0.0)]
        for weight, reference_weight in [(1.0, 1.0), *more]:
            policy.zero_grad()
            (hidden, action), (other_hidden, other_action) = policy(seen), policy(other)
            acted = (action + noise).clamp(-1, 1) * 5 if scaled else action
            pair = (hidden, other_hidden) if what == "latent" else (acted, other_action)
            overlap = torch.log(F.mse_loss(*pair) + EPS)
            held = torch.log(F.mse_loss(reference, acted) + EPS)
            loss = weight * overlap + reference_weight * held
            loss.backward()
            cases.append(dict(config=dict(what=what, scaledActions=scaled, weight=weight, referenceWeight=reference_weight),
                              loss=loss.item(), overlap=overlap.item(), reference=held.item(),
                              gradients={n: numbers(p.grad) for n, p in policy.named_parameters() if p.grad is not None}))

state = {n: dict(shape=list(t.shape), values=numbers(t)) for n, t in policy.state_dict().items()}
out = dict(size=SIZE, hidden=HIDDEN, actions=ACTIONS, state=state, seen=numbers(seen), other=numbers(other),
           reference=numbers(reference), taken=numbers(taken), cases=cases, made_with=dict(torch=torch.__version__))
with open(os.path.join(HERE, "rl-overlap.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
print(os.path.getsize(os.path.join(HERE, "rl-overlap.json")), [(c["overlap"], c["reference"]) for c in cases])
print("clamped", (taken.abs() == 1).float().mean().item())
