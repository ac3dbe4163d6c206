"""Writes rl-evaluation.json: overlap, classification and the threshold sweep as upstream's scripts compute them
(evaluate-deception.py, plot_parameter_sweep.py, plot_quantiative_analysis.py, as described), over episodes of the NumPy
world beside this file, with a policy in PyTorch.

    python test/parity/make_rl_evaluation.py

Needs NumPy and PyTorch. Where red is imagined is drawn by sfc32, written down here a second time.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

from make_rl_world import BOX, Episode

HERE = os.path.dirname(os.path.abspath(__file__))
HIDDEN, STEPS, SEED, SIGHT = 8, 12, 11, 0.1
EPISODES = [4, 2**33 + 5, 0]
rng = np.random.default_rng(5)
torch.manual_seed(3)


class Sfc32:
    def __init__(self, seed, episode):
        self.s = [seed % 2**32, seed // 2**32 % 2**32, episode % 2**32, episode // 2**32 % 2**32]
        for _ in range(20):
            self.bits()

    def bits(self):
        a, b, c, d = self.s
        total = (a + b + d) % 2**32
        self.s = [b ^ (b >> 9), (c + (c << 3)) % 2**32, (((c << 21) | (c >> 11)) + total) % 2**32, (d + 1) % 2**32]
        return total

    def uniform(self, low, high):
        share = ((self.bits() >> 5) * 2**26 + (self.bits() >> 6)) / 2**53
        return low + (high - low) * share


def policy():
    draw = lambda *shape: (torch.rand(*shape) - 0.5) * 2
    return {
        "in_fn.weight": draw(10) + 1.5, "in_fn.bias": draw(10), "in_fn.running_mean": draw(10) * 0.2,
        "in_fn.running_var": draw(10) * 0.4 + 1,
        "fc1.weight": draw(HIDDEN, 10), "fc1.bias": draw(HIDDEN), "fc2.weight": draw(HIDDEN, HIDDEN),
        "fc2.bias": draw(HIDDEN), "fc3.weight": draw(2, HIDDEN), "fc3.bias": draw(2),
    }  # fmt: skip


def layers(net, o):
    x = torch.tensor(np.array([o]), dtype=torch.float32)
    x = F.batch_norm(x, net["in_fn.running_mean"], net["in_fn.running_var"], net["in_fn.weight"], net["in_fn.bias"])
    h1 = F.leaky_relu(F.linear(x, net["fc1.weight"], net["fc1.bias"]))
    h2 = F.leaky_relu(F.linear(h1, net["fc2.weight"], net["fc2.bias"]))
    return torch.cat([h1, h2], 1), torch.tanh(F.linear(h2, net["fc3.weight"], net["fc3.bias"]))


def overlap(net, o, other, what):
    a, b = layers(net, o)[what], layers(net, other)[what]
    return float(torch.log(F.mse_loss(a, b) + 1e-25))


def episodes(net):
    """Of each episode: where it starts, what is done, what is imagined, and the four values of every step."""
    for number in EPISODES:
        red = rng.uniform(-BOX, BOX, 2)
        blue = np.clip(red + rng.uniform(-0.1, 0.1, 2), -BOX, BOX) if number != 0 else np.array([0.84, -0.84])
        start = dict(agents=[red.tolist(), blue.tolist()], landmarks=rng.uniform(-BOX, BOX, (2, 2)).tolist(), goal=int(rng.integers(2)))
        if number == EPISODES[1]:
            start["landmarks"][1 - start["goal"]] = red.tolist()  # trapped at once
        episode, random = Episode(start, "honest"), Sfc32(SEED + 2**40, number)
        actions, others, values = [], [], []
        for _ in range(STEPS):
            o = np.array(episode.observation[1])
            actions.append(rng.uniform(-1, 1, (2, 2)).round(3).tolist())
            episode.step(actions[-1])
            angle, away = random.uniform(0, 2 * np.pi), random.uniform(0, SIGHT)
            place = episode.pos[1]
            fake = np.clip(place + away * np.array([np.cos(angle), np.sin(angle)]), -0.9, 0.9)
            other = o.copy()
            other[6:8], other[8:10] = place - fake, 0
            matched = o.copy()
            matched[8:10] = 0
            others.append(other.tolist())
            if o[6] == 0 and o[7] == 0:
                values.append([overlap(net, mine, other, what) for what in (0, 1) for mine in (o, matched)])
            else:
                values.append(None)
        yield dict(number=number, start=start, actions=actions, others=others, values=values)


def classification():
    """Accuracy by pooling the first n episodes of every seed anew for each n."""
    seeds, after = 6, [1, 2, 5, 9]
    draw = lambda shift: [[list(rng.normal(shift, 1, rng.integers(0, 5))) for _ in range(9)] for _ in range(seeds)]
    deceptive, honest = draw(0.15), draw(0)
    pooled = lambda runs, n: np.array([np.mean(sum(run[:n], [])) if sum(run[:n], []) else np.nan for run in runs])
    means = {name: [pooled(runs, n).tolist() for n in after] for name, runs in (("deceptive", deceptive), ("honest", honest))}
    accuracy = [float(np.mean(np.array(means["honest"][i]) < np.array(means["deceptive"][i]))) for i in range(len(after))]
    return dict(after=after, deceptive=deceptive, honest=honest, means=means, accuracy=accuracy)


def sweep():
    x, y = np.linspace(0, 1, 100), np.linspace(-1, 1, 100)
    surfaces, runs = {}, {}
    # Entries on thresholds too, where strict and loose comparisons part.
    draw = lambda n: np.stack([rng.choice([*rng.uniform(0, 1, 30), x[40], 1.0], n), rng.choice([*rng.uniform(-1, 1, 30), y[70], 1.0, -1.0], n), rng.random(n) < 0.7], 1)
    for name, sizes in (("deceptive", (60, 80, 40)), ("between", (50, 90, 70)), ("honest", (70, 30, 45))):
        runs[name] = [draw(n) for n in sizes]
    for seed in range(3):
        kept = {name: run[seed][run[seed][:, 2] == 1] for name, run in runs.items()}
        shortest = min(len(k) for k in kept.values())
        for name, k in kept.items():
            k = k[:shortest]
            z = np.array([[np.sum((k[:, 0] > a) & (k[:, 1] < b)) for b in y] for a in x])
            surfaces.setdefault(name, []).append(z)
    surfaces = {name: np.array(z, dtype=float) for name, z in surfaces.items()}
    differences = {}
    for name, a, b in (("tunedHonest", "between", "honest"), ("tunedDeceptive", "between", "deceptive"), ("honestDeceptive", "honest", "deceptive")):
        mse = np.mean((surfaces[a] - surfaces[b]) ** 2, axis=(1, 2))
        differences[name] = dict(mean=float(mse.mean()), std=float(mse.std()), bySeed=mse.tolist())
    return dict(
        runs={name: [r.tolist() for r in run] for name, run in runs.items()},
        # Every seventh cell both ways; all of them are in the differences.
        surfaces={name: z.mean(0)[::7, ::7].tolist() for name, z in surfaces.items()},
        deviations={name: z.std(0)[::7, ::7].tolist() for name, z in surfaces.items()},
        differences=differences,
    )


net = policy()
tensors = {name: dict(shape=list(t.shape), dtype="float32", values=[float(v) for v in t.flatten()]) for name, t in net.items()}
out = dict(policy=tensors, seed=SEED, episodes=list(episodes(net)), classification=classification(), sweep=sweep())
with open(os.path.join(HERE, "rl-evaluation.json"), "w") as file:
    file.write(json.dumps(out).replace("NaN", "null"))
