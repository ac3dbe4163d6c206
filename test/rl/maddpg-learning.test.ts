import t from 'tap';
import type { Environment } from '../../lib/rl';
import { Training, type MaddpgConfig } from '../../lib/rl/maddpg';
import { torch } from '../../lib/torch';
import { OneStep, SHORT, TwoSteps } from './lessons';

torch.setNumThreads(1);

/** Trains, and gives what the agents do without noise about what they see at the beginning of 20 new episodes. */
function trained<E extends Environment>(environment: E, config: MaddpgConfig): Float32Array[] {
  const training = new Training(environment, config);
  while (!training.done) training.playGroup();
  const actions = environment.agents.map(({ actionSize }) => new Float32Array(environment.worlds * actionSize));
  environment.reset(Array.from({ length: environment.worlds }, (_, w) => 1e6 + w));
  training.maddpg.act(environment.observations, actions);
  training.dispose();
  return actions;
}

t.test('two agents learn what each is paid for about what it sees', async (t) => {
  const environment = new OneStep(SHORT.worlds);
  const actions = trained(environment, { ...SHORT, gamma: 0.5 });
  for (const agent of [0, 1]) {
    const errors = Array.from(actions[agent], (action, w) => Math.abs(action - environment.wanted(agent, w)));
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    t.ok(mean < 0.3, `agent ${agent} is ${mean} from what is best`); // 0.8 for one that does nothing
  }
});

t.test('what comes later is learned through the targets', async (t) => {
  const config = { ...SHORT, episodeLength: 2, episodes: 1600, bootstrapThroughTimeLimit: false };
  const meanAlong = (gamma: number): number => {
    const environment = new TwoSteps(config.worlds);
    const [actions] = trained(environment, { ...config, gamma });
    return actions.reduce((sum, action, w) => sum + action * environment.side(w), 0) / actions.length;
  };
  const [ahead, blind] = [meanAlong(0.95), meanAlong(0)];
  t.ok(ahead > 0.3, `looking ahead it goes to the side that is seen: ${ahead}`);
  t.ok(blind < -0.3, `not looking ahead to the other: ${blind}`);
});
