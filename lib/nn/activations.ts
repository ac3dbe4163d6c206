import type { Tensor } from '../torch';
import { Module } from './module';

/** max(x, 0) */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return input.relu();
  }
}

export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return input.tanh();
  }
}

export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return input.sigmoid();
  }
}

/** x * sigmoid(x) */
export class SiLU extends Module {
  forward(input: Tensor): Tensor {
    return input.silu();
  }
}

/** x * Phi(x); `approximate: 'tanh'` is the formula of the GELU paper that GPT-2 uses. */
export class GELU extends Module {
  constructor(readonly approximate: 'none' | 'tanh' = 'none') {
    super();
  }

  forward(input: Tensor): Tensor {
    return input.gelu({ approximate: this.approximate });
  }
}
