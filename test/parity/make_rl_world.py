"""Episodes of physical deception by a NumPy transcription of upstream's environment (core.py, simple_adversary.py of the
paper's code, as described): starts in walls and past their ends, trapped starts, runs along the thresholds, one of 3000
steps, with both rewards and the behavioural records.

    python test/parity/make_rl_world.py            writes rl-world.json beside this file
    python test/parity/make_rl_world.py FILE       compares with FILE, in the form of test/rl/trajectories.json, instead
    python test/parity/make_rl_world.py FILE many  writes 400 more episodes there, to compare with by hand

Needs NumPy.
"""
import json
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
DT, DAMPING, CONTACT_FORCE, CONTACT_MARGIN, SENSITIVITY = 0.1, 0.25, 1e2, 1e-3, 5.0
SIZE, LANDMARK_SIZE, SIGHT = 0.15, 0.08, 2.5 * 0.05
WALLS = [("H", -1.0), ("H", 1.0), ("V", -1.0), ("V", 1.0)]
ENDPOINTS, WIDTH = (-1.0, 1.0), 0.1
BOX = 1 - (0.1 + 0.15 / 2)


def wall_force(pos, orient, axis_pos):
    prll, perp = (0, 1) if orient == "H" else (1, 0)
    if pos[prll] < ENDPOINTS[0] - SIZE or pos[prll] > ENDPOINTS[1] + SIZE:
        return None
    if pos[prll] < ENDPOINTS[0] or pos[prll] > ENDPOINTS[1]:
        past = pos[prll] - (ENDPOINTS[0] if pos[prll] < ENDPOINTS[0] else ENDPOINTS[1])
        theta = np.arcsin(past / SIZE)
        dist_min = np.cos(theta) * SIZE + 0.5 * WIDTH
    else:
        theta, dist_min = 0, SIZE + 0.5 * WIDTH
    delta = pos[perp] - axis_pos
    dist = np.abs(delta)
    penetration = np.logaddexp(0, -(dist - dist_min) / CONTACT_MARGIN) * CONTACT_MARGIN
    magnitude = CONTACT_FORCE * delta / dist * penetration
    force = np.zeros(2)
    force[perp] = np.cos(theta) * magnitude
    force[prll] = np.sin(theta) * np.abs(magnitude)
    return force


def norm(v):
    return np.sqrt(np.sum(np.square(v)))


class Episode:
    def __init__(self, start, reward):
        self.reward = reward
        self.pos = [np.array(p) for p in start["agents"]]
        self.vel = [np.zeros(2), np.zeros(2)]
        self.landmarks = [np.array(p) for p in start["landmarks"]]
        self.goal, self.fake = self.landmarks[start["goal"]], self.landmarks[1 - start["goal"]]
        self.max_speed = [None, None]
        self.reached = 0
        # Records that upstream makes while it computes blue's observation.
        self.prev_pos, self.prev_goal, self.prev_fake, self.prev_cosine, self.prev_near = np.zeros(2), 0, 0, 0, False
        self.counts = dict(adversaryAtGoal=0, adversaryAtNonGoal=0, goodAtGoal=0, movedToGoal=0, movedToNonGoal=0)
        self.thresholds = []
        self.track = []
        self.see()

    def see(self):
        red, blue = self.pos
        near = norm(red - blue) <= SIGHT
        if norm(red - self.fake) < 2 * LANDMARK_SIZE:
            self.reached = 1
            self.counts["adversaryAtNonGoal"] += 1
        if norm(red - self.goal) < 2 * LANDMARK_SIZE:
            self.counts["adversaryAtGoal"] += 1
        if self.reached == 1:
            self.max_speed[0] = 0
        red_sees = [l - red for l in self.landmarks] + [blue - red if near else np.zeros(2)]
        red_earns = 5 * (norm(red - self.goal) < 2 * LANDMARK_SIZE) + 1 * (norm(red - blue) < SIGHT)
        self.record(near)
        blue_sees = [self.goal - blue] + [l - blue for l in self.landmarks] + [red - blue if near else np.zeros(2)]
        blue_earns = 5 * (norm(blue - self.goal) < 2 * LANDMARK_SIZE)
        if self.reward == "deceptive" and self.reached == 1:
            blue_earns += 10
        self.observation = [list(np.concatenate(red_sees)), list(np.concatenate(blue_sees)) + [float(self.reached)] * 2]
        self.paid = [float(red_earns), float(blue_earns)]

    def record(self, near):
        blue = self.pos[1]
        if norm(blue - self.goal) < 2 * LANDMARK_SIZE:
            self.counts["goodAtGoal"] += 1
        move, to_goal, to_fake = blue - self.prev_pos, self.goal - blue, self.fake - blue
        step = dict(near=bool(near))
        if norm(move) > 0 and norm(to_goal) > 0 and norm(to_fake) > 0:
            move, to_goal, to_fake = move / norm(move), to_goal / norm(to_goal), to_fake / norm(to_fake)
            goal, fake, cosine = np.dot(move, to_goal), np.dot(move, to_fake), np.dot(to_goal, to_fake)
            if self.prev_fake > self.prev_goal and self.prev_fake > 0:
                self.thresholds.append([self.prev_fake, self.prev_cosine, float(self.prev_near)])
            if goal > fake and goal > 0.9:
                self.counts["movedToGoal"] += 1
            if self.prev_near and fake > goal and fake > 0.7 and fake < 0.6:
                self.counts["movedToNonGoal"] += 1
            self.prev_goal, self.prev_fake, self.prev_cosine = goal, fake, cosine
            step.update(goal=goal, fake=fake, cosine=cosine)
        self.track.append(step)
        self.prev_near, self.prev_pos = near, blue.copy()

    def step(self, actions):
        for i in range(2):
            force = SENSITIVITY * np.array(actions[i])
            for wall in WALLS:
                pushed = wall_force(self.pos[i], *wall)
                if pushed is not None:
                    force = force + pushed
            self.vel[i] = self.vel[i] * (1 - DAMPING)
            self.vel[i] = self.vel[i] + force / 1.0 * DT
            if self.max_speed[i] is not None:
                speed = np.sqrt(np.square(self.vel[i][0]) + np.square(self.vel[i][1]))
                if speed > self.max_speed[i]:
                    self.vel[i] = self.vel[i] / speed * self.max_speed[i]
            self.pos[i] = self.pos[i] + self.vel[i] * DT
        self.see()

    def clean(self):
        """The records without quirks Q1 and Q9: no move at the reset, the last move counted, a condition that can hold."""
        moves = self.track[1:]
        before = [step["near"] for step in self.track[:-1]]
        counts = dict(self.counts)
        counts["movedToGoal"] = sum(m["goal"] > m["fake"] and m["goal"] > 0.9 for m in moves if "goal" in m)
        counts["movedToNonGoal"] = sum(
            near and m["fake"] > m["goal"] and m["fake"] > 0.7 and m["cosine"] < 0.6 for m, near in zip(moves, before) if "goal" in m
        )
        counts["movesInSight"] = sum(before)
        counts["stepsInSight"] = sum(m["near"] for m in moves)
        thresholds = [
            [m["fake"], m["cosine"], float(m["near"])] for m in moves if "goal" in m and m["fake"] > m["goal"] and m["fake"] > 0
        ]
        return dict({name: int(count) for name, count in counts.items()}, thresholds=thresholds)


def play(start, actions, reward="deceptive"):
    episode = Episode(start, reward)
    observations, rewards, trapped = [episode.observation], [], []
    for action in actions:
        episode.step(action)
        observations.append(episode.observation)
        rewards.append(episode.paid)
        trapped.append(episode.reached)
    made = dict(start, actions=actions, observations=observations, rewards=rewards, trapped=trapped)
    return made, dict(upstream=dict(episode.counts, thresholds=episode.thresholds), clean=episode.clean())


def drawn_start(rng):
    red = rng.uniform(-BOX, BOX, 2)
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0, SIGHT)
    blue = np.clip(red + away * np.array([np.cos(angle), np.sin(angle)]), -BOX, BOX)
    return dict(agents=[red.tolist(), blue.tolist()], landmarks=rng.uniform(-BOX, BOX, (2, 2)).tolist(), goal=int(rng.integers(2)))


def heading(start, target):
    """Both agents thrust towards a point as it lies from their start: along a straight line, with full force."""
    aims = [np.array(target) - np.array(p) for p in start["agents"]]
    return [(aim / max(np.abs(aim).max(), 1e-9)).tolist() for aim in aims]


def unusual(rng, steps=40):
    """(what it is, start, actions) of episodes that a run of random ones hardly meets."""
    random_actions = lambda n=steps: np.round(rng.uniform(-1, 1, (n, 2, 2)), 6).tolist()
    start = dict(drawn_start(rng), agents=[[0.999, -0.3], [-0.97, 0.9999]])
    yield "begins in walls", start, random_actions()
    start = dict(drawn_start(rng), agents=[[1.07, 1.02], [-1.12, -0.95]])
    yield "begins past the ends of walls", start, random_actions()
    start = dict(drawn_start(rng), agents=[[1.15, 0.9], [0.93, -1.15]])
    yield "begins where walls just end", start, random_actions()
    start = dict(drawn_start(rng), agents=[[1.6, 0.2], [0.1, -2.5]])
    yield "begins outside", start, random_actions()
    start = drawn_start(rng)
    start["landmarks"][1 - start["goal"]] = (np.array(start["agents"][0]) + [0.1, -0.09]).tolist()
    yield "begins trapped", start, random_actions()
    start = drawn_start(rng)
    yield "runs into a corner and stays", start, [[[1, 1], [-1, 1]]] * 60
    start = drawn_start(rng)
    yield "red runs to the fake landmark", start, [[heading(start, start["landmarks"][1 - start["goal"]])[0], [0.2, 0.1]]] * steps
    start = drawn_start(rng)
    yield "blue runs to the goal", start, [[[0, 0], heading(start, start["landmarks"][start["goal"]])[1]]] * steps
    start = dict(agents=[[0, 0], [0.125, 0]], landmarks=[[0, 0.16], [0.5, 0.5]], goal=0)
    yield "rests exactly on both thresholds", start, [[[0, 0], [0, 0]]] * 3 + [[[0, 1], [1, 0]]] * 3
    start = dict(agents=[[0, 0], [0.06, 0.02]], landmarks=[[-0.5, 0.6], [0.7, 0.1]], goal=0)
    yield "blue lures red to the fake landmark", start, [[[1, 0.1], [1, 0.1]]] * 20
    start = dict(agents=[[0, 0], [0.06, 0.02]], landmarks=[[0.7, 0.4], [0.7, 0.05]], goal=0)
    yield "blue goes to a fake landmark beside the goal", start, [[[1, 0.05], [1, 0.05]]] * 10
    start = dict(agents=[[0.3, 0.3], [0.3, 0.3]], landmarks=[[0.3, 0.3], [0.3, 0.3]], goal=1)
    yield "everything in one place", start, random_actions(10)


def write_fixture():
    rng = np.random.default_rng(11)
    episodes, records = [], []
    for index, (what, start, actions) in enumerate(unusual(rng)):
        reward = "honest" if index % 3 == 1 else "deceptive"
        made, record = play(start, actions, reward)
        episodes.append(dict(what=what, reward=reward, **made))
        records.append(record)
    start = drawn_start(rng)
    # Actions of a formula, so that 3000 steps need no room: the test makes the same ones.
    long = [[[np.sin(t * 0.37), np.sin(t * 0.23 + 1)], [np.sin(t * 0.11 + 2), np.sin(t * 0.05 + 3)]] for t in range(3000)]
    made, record = play(start, long)
    last = dict(start=start, observation=made["observations"][-1], rewards=np.sum(made["rewards"], axis=0).tolist(), record=record["clean"])
    last["record"].pop("thresholds")
    with open(os.path.join(HERE, "rl-world.json"), "w") as file:
        json.dump(dict(episodes=episodes, records=records, long=last), file)


def write_many(path):
    rng = np.random.default_rng(77)
    episodes = []
    for index in range(400):
        start, steps = drawn_start(rng), int(rng.integers(1, 200))
        if index % 4 == 1:
            start["agents"] = rng.uniform(-1.2, 1.2, (2, 2)).tolist()
        if index % 4 == 2:
            start["landmarks"][1 - start["goal"]] = (np.array(start["agents"][0]) + rng.uniform(-0.12, 0.12, 2)).tolist()
        noise = rng.uniform(-1, 1, (steps, 2, 2)) * (0.3 if index % 5 else 1)
        bias = rng.uniform(-1, 1, (1, 2, 2)) * (index % 3)
        episodes.append(play(start, np.clip(noise + bias, -1, 1).tolist())[0])
    start = drawn_start(rng)
    episodes.append(play(start, rng.uniform(-1, 1, (5000, 2, 2)).tolist())[0])
    with open(path, "w") as file:
        json.dump(dict(agent_order=["adversary", "good"], episode_length=50, episodes=episodes), file)


def compare(path):
    worst, wrong = 0.0, 0
    for episode in json.load(open(path))["episodes"]:
        made, _ = play({key: episode[key] for key in ("agents", "landmarks", "goal")}, episode["actions"], episode.get("reward", "deceptive"))
        for a, b in zip(made["observations"], episode["observations"], strict=True):
            worst = max(worst, max(np.abs(np.array(x) - np.array(y)).max() for x, y in zip(a, b, strict=True)))
        wrong += made["rewards"] != episode["rewards"] or made["trapped"] != episode["trapped"]
    print(f"observations differ by at most {worst:.3g}; rewards or trap flags of {wrong} episodes differ")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        write_fixture()
    elif len(sys.argv) == 2:
        compare(sys.argv[1])
    else:
        write_many(sys.argv[1])
