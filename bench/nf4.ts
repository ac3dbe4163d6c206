/**
 * Products with weights of four bits beside bitsandbytes', one thread each, in turn, by the processes' own CPU time: shapes
 * of a model of seven billion parameters and of SmolLM2.
 *
 *     npm run bench -- --only nf4 [--quick] [--json] [--out FILE] [--check]
 *
 * bitsandbytes has two ways on a processor. In training it makes numbers of the whole weight and multiplies these. For
 * answers, on processors that multiply bfloat16, it repacks the weight and computes in bfloat16, for inputs in float32 as
 * well. So what is in float32 here is held against its first way, and what is in bfloat16 against the quicker of both.
 */
import Table from 'cli-table3';
import { nf4Linear, torch, type Tensor } from '../lib/torch';
import { quantise, type FourBitWeight } from '../lib/nn';
import { Peer } from './peer';

const SHAPES: [out: number, into: number][] = [
  [4096, 4096],
  [14336, 4096],
  [4096, 14336],
  [576, 576],
  [192, 576],
  [1536, 576],
  [576, 1536],
];
const ROWS = [1, 25, 128, 1024];
const DTYPES = ['float32', 'bfloat16'] as const;

interface Measured {
  shape: string;
  rows: number;
  dtype: string;
  what: 'forward' | 'and gradient';
  /** Milliseconds, the least of all rounds. */
  ours: number;
  theirs: number | null;
  /** What their way for answers takes in bfloat16, whatever the input. */
  answers: number | null;
}

export interface Nf4Report {
  measured: Measured[];
}

/** Multiplications that a window takes at least; smaller products are repeated. */
const WINDOW = 2e8;

/** @param quick leaves out what takes longest: a thousand rows of the widest shapes */
export async function measureNf4({ quick }: { quick: boolean }): Promise<Nf4Report> {
  const rounds = quick ? 3 : 9;
  const peer = await Peer.start('peer_nf4.py');
  if (!peer) throw new Error('bench: no Python with bitsandbytes found (SOO_TORCH_PYTHON)');
  const measured: Measured[] = [];
  for (const [out, into] of SHAPES) {
    const weight = quantise(torch.randn([out, into]).mul(0.02));
    for (const dtype of DTYPES) {
      for (const rows of ROWS) {
        if (quick && out * into * rows > 3e10) continue;
        const count = Math.max(1, Math.round(WINDOW / (out * into * rows)));
        const name = [out, into, rows, dtype].join(':');
        const works = { forward: forwardOf(weight, rows, dtype), 'and gradient': backwardOf(weight, rows, dtype) };
        for (const what of ['forward', 'and gradient'] as const) {
          const least = { ours: Infinity, theirs: Infinity, answers: Infinity };
          for (let round = 0; round < rounds; round++) {
            const times = {
              ours: cpuSeconds(works[what], count),
              theirs: await peer.measure(`${name}:${what === 'forward' ? 'train' : 'backward'}`, count),
              answers: what === 'forward' ? await peer.measure(`${name}:eval`, count) : Infinity,
            };
            for (const side of ['ours', 'theirs', 'answers'] as const)
              least[side] = Math.min(least[side], (times[side] * 1e3) / count);
          }
          measured.push({ shape: `${into} to ${out}`, rows, dtype, what, ...least, answers: Number.isFinite(least.answers) ? least.answers : null }); // prettier-ignore
        }
      }
    }
  }
  peer.stop();
  return { measured };
}

function cpuSeconds(work: () => void, count: number): number {
  torch.scope(work);
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) torch.scope(work);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

type Dtype = (typeof DTYPES)[number];

function product(input: Tensor, weight: FourBitWeight): Tensor {
  const output = nf4Linear(input, weight);
  if (!output) throw new Error(`bench: this processor has no kernel for ${input.dtype}`);
  return output;
}

function forwardOf(weight: FourBitWeight, rows: number, dtype: Dtype): () => void {
  const input = torch.randn([rows, weight.shape[1]]).to(dtype);
  return () => torch.noGrad(() => void product(input, weight));
}

function backwardOf(weight: FourBitWeight, rows: number, dtype: Dtype): () => void {
  const input = torch.randn([rows, weight.shape[1]]).to(dtype).requiresGrad_(true);
  const slope = torch.randn([rows, weight.shape[0]]).to(dtype);
  return () => void torch.grad([product(input, weight)], [input], { gradOutputs: [slope] });
}

/** The quickest way of theirs that computes as ours does. */
const rival = ({ theirs, answers, dtype }: Measured): number =>
  Math.min(theirs ?? Infinity, dtype === 'bfloat16' ? (answers ?? Infinity) : Infinity);

export function nf4Table({ measured }: Nf4Report): string {
  const rows = new Table({
    head: ['shape', 'rows', 'dtype', 'what', 'soo-torch, ms', 'bitsandbytes', 'its answers', 'times'],
    style: { head: [], border: [] },
  });
  const shown = (ms: number | null): string => (ms === null ? '' : ms.toFixed(3));
  for (const each of measured) {
    const { shape, rows: count, dtype, what, ours, theirs, answers } = each;
    rows.push([shape, count, dtype, what, shown(ours), shown(theirs), shown(answers), (rival(each) / ours).toFixed(2)]);
  }
  return rows.toString();
}

/** Not slower than bitsandbytes, but for a tenth of noise. */
export const nf4Met = ({ measured }: Nf4Report): boolean => measured.every((each) => each.ours <= 1.1 * rival(each));
