/** What is said of weights by a config alone is what the modules have. */
import t from 'tap';
import { createModel, parseConfig } from '../../lib/models';
import { HEAD, partsOf, weightLayout } from '../../lib/models/weight-layout';
import { Linear, skipInit } from '../../lib/nn';
import { expected } from '../parity/expected';

t.test('the weights of every family have the names and shapes of its modules', async (t) => {
  for (const { type, config: json } of expected<{ type: string; config: unknown }[]>('families')) {
    const config = parseConfig(json);
    const modules = skipInit(() => createModel(config), 'meta');
    const weights = modules.namedParameters();
    const { shapes, twins } = weightLayout(config);
    t.same(Object.fromEntries(shapes), Object.fromEntries(weights.map(([name, { shape }]) => [name, shape])), type);
    for (const [twin, first] of twins) t.equal(modules.stateDict().get(twin), modules.stateDict().get(first));
    t.same(new Set([...shapes.keys(), ...twins.keys()]), new Set(modules.stateDict().keys()));
    const linears = modules.namedModules().flatMap(([name, module]) => (module instanceof Linear && name !== HEAD ? [`${name}.weight`] : [])); // prettier-ignore
    const planned = partsOf(config).flatMap((part) => part.weights).filter(({ isLinear }) => isLinear); // prettier-ignore
    t.same(planned.map(({ name }) => name).sort(), linears.sort(), `${type} in four bits`);
  }
});
