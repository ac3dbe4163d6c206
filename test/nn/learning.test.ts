import t from 'tap';
import * as nn from '../../lib/nn';
import { Adam, AdamW, clipGradNorm, cosine, Scheduler } from '../../lib/optim';
import type { Tensor } from '../../lib/torch';
import { placed, torch } from '../device';

const XOR = {
  inputs: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  labels: [0, 1, 1, 0],
};

/** Trains a 2-8-2 net on XOR. @param sign -1 climbs the loss instead of descending it. */
function trainXor(sign: 1 | -1): { accuracy: number; loss: number } {
  torch.manualSeed(0);
  const net = placed(new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2)));
  const optimizer = new AdamW(net.parameters(), { lr: 0.05 });
  const [inputs, labels] = [torch.tensor(XOR.inputs, { dtype: 'float32' }), torch.tensor(XOR.labels)];
  const lossOf = (): Tensor => torch.crossEntropyLoss(net.call(inputs), labels);
  for (let step = 0; step < 120; step++) {
    torch.scope(() => {
      optimizer.zeroGrad();
      lossOf().mul(sign).backward();
      clipGradNorm(net.parameters(), 1);
      optimizer.step();
    });
  }
  return torch.scope(() => ({
    loss: Number(lossOf().item()),
    accuracy: Number(net.call(inputs).argmax(1).eq(labels).to('float32').mean().item()),
  }));
}

t.test('a net learns XOR', async (t) => {
  const { accuracy, loss } = trainXor(1);
  t.equal(accuracy, 1);
  t.ok(loss < 0.05, `loss ${loss}`);
});

t.test('and does not when it climbs the loss: the test above can fail', async (t) => {
  const { accuracy, loss } = trainXor(-1);
  t.ok(accuracy < 1);
  t.ok(loss > 1, `loss ${loss}`);
});

t.test('a normalised net fits a curve, better on held-out points than a constant by far', async (t) => {
  torch.manualSeed(1);
  const curve = (x: Tensor): Tensor => x.mul(3).sin();
  const [train, test] = [torch.rand([128, 1]).mul(2).sub(1), torch.linspace(-0.9, 0.9, 50).reshape([50, 1])];
  const net = placed(
    new nn.Sequential(
      new nn.Linear(1, 32),
      new nn.LayerNorm(32),
      new nn.GELU(),
      new nn.Linear(32, 32),
      new nn.BatchNorm1d(32),
      new nn.Tanh(),
      new nn.Dropout(0.01),
      new nn.Linear(32, 1),
    ),
  );
  const optimizer = new Adam(net.parameters(), { lr: 0.01 });
  const schedule = new Scheduler(optimizer, cosine(10, 300, { floor: 0.05 }));
  for (let step = 0; step < 300; step++) {
    torch.scope(() => {
      optimizer.zeroGrad();
      torch.mseLoss(net.call(train), curve(train)).backward();
      optimizer.step();
    });
    schedule.step();
  }
  net.eval();
  const error = torch.scope(() => Number(torch.mseLoss(net.call(test), curve(test)).item()));
  t.ok(error < 0.02, `error ${error}, a constant has about 0.5`);
});

t.test('an embedding and RMSNorm learn a lookup table', async (t) => {
  torch.manualSeed(2);
  const ids = torch.arange(10);
  const target = ids.mul(7).remainder(10);
  const net = placed(new nn.Sequential(new nn.Embedding(10, 16), new nn.RMSNorm(16, 1e-6), new nn.Linear(16, 10)));
  const optimizer = new AdamW(net.parameters(), { lr: 0.03 });
  for (let step = 0; step < 80; step++) {
    torch.scope(() => {
      optimizer.zeroGrad();
      torch.crossEntropyLoss(net.call(ids), target).backward();
      optimizer.step();
    });
  }
  t.same(
    torch.scope(() => net.call(ids).argmax(1).toArray()),
    target.toArray(),
  );
});
