import t from 'tap';
import * as nn from '../../lib/nn';
import { Tensor } from '../../lib/torch';
import { placed, torch } from '../device';
import { expected, numbers } from '../parity/expected';

class Block extends nn.Module {
  qProj = new nn.Linear(2, 2, { bias: false });
  inputNorm = new nn.BatchNorm1d(2);
  scale = new nn.Parameter(torch.ones([2]));

  forward(x: Tensor): Tensor {
    return this.inputNorm.call(this.qProj.call(x)).mul(this.scale);
  }
}

class Net extends nn.Module {
  embedTokens = new nn.Embedding(4, 2);
  layers = new nn.ModuleList([new Block(), new Block()]);
  head = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.Linear(3, 4));
  lmHead = new nn.Linear(2, 4, { bias: false });
  mask: Tensor;

  constructor() {
    super();
    this.lmHead.weight = this.embedTokens.weight;
    this.mask = this.registerBuffer('mask', torch.ones([2]));
    this.registerBuffer('scratch', torch.ones([2]), { persistent: false });
  }

  forward(ids: Tensor): Tensor {
    let x = this.embedTokens.call(ids);
    for (const layer of this.layers) x = layer.call(x);
    return this.lmHead.call(x.mul(this.mask)).add(this.head.call(x));
  }
}

/** The same tree with a plain array instead of a ModuleList. */
class ArrayNet extends nn.Module {
  layers: nn.Module[] = [new nn.Linear(1, 1), new nn.Linear(1, 1)];
  gates = [new nn.Parameter(torch.ones([1])), new nn.Parameter(torch.ones([1]))];
  lora_A = new nn.Linear(1, 1, { bias: false });
  note = 'not state';
  loose = torch.ones([1]);
  #parent: nn.AnyModule | null = null;

  attach(parent: nn.AnyModule): void {
    this.#parent = parent;
  }

  forward(x: Tensor): Tensor {
    return this.#parent ? x : this.layers.reduce((y, layer) => layer.call(y), x);
  }
}

const names = expected<{ names: Record<string, string[]> }>('nn').names;
const firsts = (pairs: [string, unknown][]): string[] => pairs.map(([name]) => name);

t.test("names are PyTorch's, tied weights included", async (t) => {
  const net = placed(new Net());
  t.same([...net.stateDict().keys()], names.stateDict);
  t.same(firsts(net.namedParameters()), names.parameters);
  t.same(firsts(net.namedBuffers()), names.buffers);
  t.same(firsts(net.namedModules()), names.modules);
  t.equal(net.parameters().length, names.parameters.length);
  t.same(firsts(net.children()), ['embed_tokens', 'layers', 'head', 'lm_head']);
});

t.test('arrays, underscores, and what is not state', async (t) => {
  const net = new ArrayNet();
  net.attach(net);
  const wanted = ['gates.0', 'gates.1', 'layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias'];
  t.same([...net.stateDict().keys()], [...wanted, 'lora_A.weight']);
});

t.test('a state dict round trip', async (t) => {
  const [from, to] = [placed(new Net()), placed(new Net())];
  const ids = torch.tensor([[0, 1, 2]]);
  from.eval();
  to.eval();
  const run = (net: Net): number[] =>
    torch.scope(() => numbers(net.layers.at(0).call(net.embedTokens.call(ids).select(0, 0))));
  t.notSame(run(to), run(from));
  t.same(to.loadStateDict(from.stateDict()), { missing: [], unexpected: [] });
  t.same(run(to), run(from));
  // A copy: training one must leave the other alone.
  torch.noGrad(() => from.embedTokens.weight.fill_(9));
  t.notSame(run(to), run(from));
});

t.test('assign takes over storage and dtype', async (t) => {
  const layer = placed(nn.skipInit(() => new nn.Linear(2, 1)));
  const weight = torch.tensor([[1, 2]], { dtype: 'float64' });
  const parameter = layer.weight;
  layer.loadStateDict(
    new Map([
      ['weight', weight],
      ['bias', torch.zeros([1], { dtype: 'float64' })],
    ]),
    { assign: true },
  );
  t.equal(layer.weight, parameter, 'the same Parameter object');
  t.equal(layer.weight.dtype, 'float64');
  t.ok(layer.weight.requiresGrad);
  weight.fill_(5);
  t.same(numbers(layer.weight), [5, 5], 'shared storage');
});

t.test('a state dict that does not fit changes nothing', async (t) => {
  const layer = placed(new nn.Linear(2, 3));
  const before = numbers(layer.weight);
  const message = (state: [string, Tensor][], options = {}): string => {
    try {
      layer.loadStateDict(new Map(state), options);
    } catch (error) {
      return (error as Error).message;
    }
    return 'no error';
  };
  const bias = torch.zeros([3]);
  t.equal(message([['bias', bias]]), 'Linear.loadStateDict: missing weight');
  t.equal(
    message([
      ['weight', torch.zeros([3, 2])],
      ['bias', bias],
      ['extra', bias],
    ]),
    'Linear.loadStateDict: unexpected extra',
  );
  t.equal(
    message([
      ['weight', torch.zeros([2, 3])],
      ['bias', torch.ones([3])],
    ]),
    'Linear.loadStateDict: shapes differ: weight wants [3, 2], got [2, 3]',
  );
  t.match(message([['weight', torch.zeros([2, 3])]], { strict: false }), /shapes differ/);
  t.same(numbers(layer.weight), before);
  t.same(
    layer.loadStateDict(
      new Map([
        ['bias', bias],
        ['extra', bias],
      ]),
      { strict: false },
    ),
    {
      missing: ['weight'],
      unexpected: ['extra'],
    },
  );
  t.same(numbers(layer.bias!), [0, 0, 0]);
  const many = Array.from({ length: 8 }, (_, i): [string, Tensor] => [`x${i}`, bias]);
  t.match(message([['weight', layer.weight], ['bias', bias], ...many]), /unexpected x0, x1, x2, x3, x4 and 3 more$/);
});

t.test('train and eval reach every module, in arrays too', async (t) => {
  const net = new ArrayNet();
  net.eval();
  t.ok(net.namedModules().every(([, module]) => !module.training));
  net.train();
  t.ok(net.namedModules().every(([, module]) => module.training));
});

t.test('to() changes floating-point state in place, gradients included', async (t) => {
  const net = placed(new Block());
  net
    .call(torch.randn([3, 2]))
    .sum()
    .backward();
  const parameter = net.qProj.weight;
  const value = numbers(parameter);
  net.to('float64');
  t.equal(net.qProj.weight, parameter);
  t.equal(parameter.dtype, 'float64');
  t.equal(parameter.grad?.dtype, 'float64');
  t.same(numbers(parameter), value);
  t.equal(net.inputNorm.runningMean?.dtype, 'float64');
  t.equal(net.inputNorm.numBatchesTracked?.dtype, 'int64');
  net.zeroGrad();
  t.equal(parameter.grad, null);
  net
    .call(torch.randn([3, 2], { dtype: 'float64' }))
    .sum()
    .backward();
  t.equal(parameter.grad?.dtype, 'float64', 'trains on after the move');
  net.to('cpu', 'float32');
  t.equal(parameter.dtype, 'float32');
});

t.test('getModule and replaceModule', async (t) => {
  const net = placed(new Net());
  t.equal(net.getModule(''), net);
  t.equal(net.getModule('layers.1.q_proj'), net.layers.at(1).qProj);
  const old = net.layers.at(0).qProj;
  const wider = placed(new nn.Linear(2, 2));
  t.equal(net.replaceModule('layers.0.q_proj', wider), old);
  t.equal(net.layers.at(0).qProj, wider);
  t.ok(net.stateDict().has('layers.0.q_proj.bias'));
  const array = new ArrayNet();
  array.replaceModule('layers.1', wider);
  t.equal(array.layers[1], wider);
  t.throws(() => net.getModule('layerz.0'), {
    message: "Net has no module 'layerz.0'; it holds embed_tokens, layers, head, lm_head",
  });
  t.throws(() => net.replaceModule('layers.0.q_proj.x', wider), {
    message: "Linear has no module 'x'; it holds no modules",
  });
});

t.test('requiresGrad_ freezes', async (t) => {
  const net = placed(new nn.Linear(2, 2)).requiresGrad_(false);
  t.notOk(net.call(torch.ones([1, 2])).requiresGrad);
  t.ok(net.requiresGrad_().call(torch.ones([1, 2])).requiresGrad);
});

t.test('a model built inside a scope outlives it, and the scope frees the rest', async (t) => {
  const before = torch.memory().tensors;
  let net: nn.Linear | undefined;
  torch.scope(() => {
    net = placed(new nn.Linear(3, 2));
  });
  t.equal(torch.memory().tensors - before, 2, 'weight and bias, nothing else');
  t.same(net!.call(torch.ones([1, 3])).shape, [1, 2]);
  const norm = torch.scope(() => placed(new nn.BatchNorm1d(2)));
  t.same(norm.call(torch.ones([2, 2])).shape, [2, 2]);
});

t.test("a parameter shares its tensor's storage and is a leaf", async (t) => {
  const data = torch.ones([2], { requiresGrad: true }).mul(2);
  const parameter = new nn.Parameter(data);
  t.ok(parameter.isLeaf);
  t.ok(parameter.requiresGrad);
  t.ok(parameter instanceof Tensor);
  torch.noGrad(() => parameter.add_(1));
  t.same(numbers(data), [3, 3]);
  t.notOk(new nn.Parameter(torch.tensor([1, 2]), false).requiresGrad, 'integers can be held frozen');
  t.match(String(parameter), /^Parameter containing:\ntensor\(\[3\., 3\.\](, device='\S+')?, requires_grad=True\)$/);
});

t.test('containers', async (t) => {
  const list = new nn.ModuleList([new nn.Linear(1, 1)]);
  list.push(new nn.Linear(1, 2));
  t.equal(list.length, 2);
  t.equal(list.at(-1).outFeatures, 2);
  t.equal([...list].length, 2);
  t.throws(() => list.at(2), { message: 'ModuleList: no module 2 among 2' });
});
