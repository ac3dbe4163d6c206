import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { native } from '../../lib/torch/load-native';
import { torch } from '../../lib/torch';
import { known } from './known-differences';
import { RecordedChunk, type Call } from './recorded-chunk';
import { compare, worst, type Verdict } from './verdict';
import { Tensor } from '../../lib/torch/tensor';
import { camelCase } from '../../lib/torch/schema';

// Replays the calls of one chunk that record_calls.py has written; scripts/opinfo.js starts it, for a call may end the
// process.
//
//   replay-child.ts <folder> <chunk> <first call> <file for the place>

const [, , folder = '', chunk = '', first = '0', placeFile = ''] = process.argv;

type Operator = (...args: unknown[]) => unknown;
const functions = torch as unknown as Record<string, Operator>;
const recorded = new RecordedChunk(
  JSON.parse(readFileSync(join(folder, `${chunk}.json`), 'utf8')) as Call[],
  readFileSync(join(folder, `${chunk}.bin`)),
);

const counts: Record<string, number> = {};
/** One call for each kind of what went wrong. */
const examples: Record<string, string> = {};

function count(what: string, call: Call, detail = ''): void {
  counts[what] = (counts[what] ?? 0) + 1;
  if (detail) examples[what] ??= `${call.name}: ${detail}`;
}

/** What one way of calling gives, against what PyTorch gave. */
function replay(operator: Operator, call: Call): Verdict {
  const { args, options } = recorded.argumentsOf(call);
  const result = operator(...args, ...(Object.keys(options).length > 0 ? [options] : []));
  const outputs = call.outputs.length === 1 && !Array.isArray(result) ? [result] : (result as unknown[]);
  const pairs: [unknown, unknown][] = call.outputs.map((wanted, i) => [outputs[i], recorded.valueOf(wanted)]);
  for (const [i, wanted] of Object.entries(call.written)) pairs.push([args[Number(i)], recorded.valueOf(wanted)]);
  return worst(pairs.map(([got, wanted]) => compare(got, wanted, call.random)));
}

function gradients(operator: Operator, call: Call): Verdict {
  const { args, options } = recorded.argumentsOf(call);
  const floats = args.filter((arg): arg is Tensor => arg instanceof Tensor && arg.isFloatingPoint());
  for (const tensor of floats) tensor.requiresGrad = true;
  const result = operator(...args, ...(Object.keys(options).length > 0 ? [options] : []));
  const sums = (Array.isArray(result) ? (result as unknown[]) : [result]).flatMap((output) =>
    output instanceof Tensor && output.requiresGrad && output.isFloatingPoint() ? [output.sum()] : [],
  );
  const grads = torch.grad(
    sums.reduce((a, b) => a.add(b)),
    floats,
    { allowUnused: true },
  );
  return worst((call.grads ?? []).map((wanted, i) => compare(grads[i] ?? null, recorded.valueOf(wanted), false)));
}

function attempt(what: string, call: Call, work: () => Verdict): void {
  try {
    const { kind, detail } = torch.scope(work);
    const reason = kind === 'different' ? known(call, detail) : null;
    count(
      reason === null ? `${what} ${kind}` : `${what} different, as listed: ${reason}`,
      call,
      kind === 'equal' ? '' : detail,
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason = known(call, message);
    count(`${what} refused${reason === null ? '' : `, as listed: ${reason}`}`, call, message);
  }
}

torch.setNumThreads(1);
const place = openSync(placeFile, 'w');
recorded.calls.forEach((call, at) => {
  if (at < Number(first)) return;
  writeSync(place, `${at} ${call.name}`.padEnd(160), 0);
  count('replayed', call);
  attempt('by its full name:', call, () => replay(torch.op(call.name), call));
  const byName = functions[camelCase(call.name.split('.')[0] ?? '')];
  if (byName) attempt('by its name:', call, () => replay(byName, call));
  if (call.grads) attempt('gradients:', call, () => gradients(torch.op(call.name), call));
});
native.sweep();
process.stdout.write(
  `\n${JSON.stringify({ counts, examples, names: [...new Set(recorded.calls.map(({ name }) => name))] })}`,
);
