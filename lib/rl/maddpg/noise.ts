/** What is added to actions while agents learn. */
import { torch, type Generator } from '../../torch';
import type { NoiseConfig } from './config';

/**
 * Ornstein-Uhlenbeck noise for one agent in every world: x goes `theta` of the way back to 0 and gets `sigma` times a normal number, for each entry on its own.
 */
export class ExplorationNoise {
  /** [worlds, actionSize] */
  readonly state: Float64Array;

  constructor(
    readonly worlds: number,
    readonly actionSize: number,
    private readonly process: Pick<NoiseConfig, 'theta' | 'sigma'>,
    private readonly generator: Generator,
  ) {
    this.state = new Float64Array(worlds * actionSize);
  }

  reset(): void {
    this.state.fill(0);
  }

  advance(): void {
    const { state, generator } = this;
    const { theta, sigma } = this.process;
    const normal = torch.scope(() => torch.randn([state.length], { generator }).toTypedArray()) as Float32Array;
    for (let i = 0; i < state.length; i++) state[i] += sigma * normal[i] - theta * state[i];
  }

  /**
   * Adds the noise to actions in place and keeps them within -1..1.
   * @param actions [worlds, actionSize]
   * @param scales [worlds]
   */
  addTo(actions: Float32Array, scales: Float64Array): void {
    const { state, actionSize } = this;
    for (let w = 0, i = 0; w < this.worlds; w++) {
      for (let j = 0; j < actionSize; j++, i++) {
        actions[i] = Math.min(1, Math.max(-1, actions[i] + scales[w] * state[i]));
      }
    }
  }
}

/** What the noise of an episode, counted from 0, is multiplied by. */
export function noiseScale({ scale, finalScale, episodes }: NoiseConfig, episode: number): number {
  const left = episodes > 0 ? Math.max(0, episodes - episode) / episodes : 0;
  return finalScale + (scale - finalScale) * left;
}
