import { torch, type Tensor } from '../torch';
import { Linear, Module } from '../nn';
import type { DecoderConfig } from './decoder-config';

const ACTIVATIONS: Record<DecoderConfig['hiddenAct'], (x: Tensor) => Tensor> = {
  silu: (x) => torch.silu(x),
  gelu: (x) => torch.gelu(x),
  gelu_pytorch_tanh: (x) => torch.gelu(x, { approximate: 'tanh' }),
};

/** The gated feed-forward block: down(act(gate(x)) * up(x)). */
export class GatedMLP extends Module {
  readonly gateUpProj: Module | null = null;
  readonly gateProj: Module | null = null;
  readonly upProj: Module | null = null;
  readonly downProj: Module;
  readonly #activate: (x: Tensor) => Tensor;

  constructor({ hiddenSize, intermediateSize, fusedProjections, mlpBias: bias, hiddenAct }: DecoderConfig) {
    super();
    const project = (outputs: number): Linear => new Linear(hiddenSize, outputs, { bias });
    if (fusedProjections) this.gateUpProj = project(2 * intermediateSize);
    else [this.gateProj, this.upProj] = [project(intermediateSize), project(intermediateSize)];
    this.downProj = new Linear(intermediateSize, hiddenSize, { bias });
    this.#activate = ACTIVATIONS[hiddenAct];
  }

  /** @param x [..., hidden], and so is the result */
  forward(x: Tensor): Tensor {
    const { gateUpProj, gateProj, upProj } = this;
    const both = gateUpProj?.call(x).chunk(2, -1);
    const gate = this.#activate(both?.[0] ?? (gateProj as Module).call(x));
    const up = both?.[1] ?? (upProj as Module).call(x);
    // In place where no graph needs the factors: these are the largest tensors of a layer.
    return this.downProj.call(torch.isGradEnabled() ? gate.mul(up) : gate.mul_(up));
  }
}
