import type { Command } from 'commander';
import { z } from 'zod';
import { readPairs } from '../evals';
import { encodePairs, latentOverlaps, POSITIONS, type LatentOverlap, type Positions } from '../soo';
import { addChatOptions, formatOf, templateOf, warnIfRaw } from './chat-options';
import { checked, type Result } from './command';
import { addModelOptions, loadNamedModel } from './model-options';
import { recordedModel } from './named-model';
import { table } from './table';

type Overlaps = Record<Positions, LatentOverlap | null>;

const optionsSchema = z.object({ pairs: z.string() });

export function define(command: Command): void {
  addModelOptions(command);
  command.requiredOption('--pairs <file>', "JSON list of [self, other], or upstream's pickle of pairs");
  addChatOptions(command);
}

/** `soo latent`: how differently a model computes for oneself and for others, before and after an adapter. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const { pairs: file } = checked(optionsSchema, given);
  const texts = readPairs(file);
  const { model, tokenizer, adapter, found } = await loadNamedModel(given);
  const format = formatOf(given, tokenizer);
  const { pairs } = encodePairs(model, texts, { format });
  warnIfRaw(format);
  const measure = (): Overlaps => latentOverlaps(model, pairs);
  const before = adapter?.withoutAdapter(measure);
  const now = measure();
  const unequal = now.all?.unequal ?? 0;
  return {
    json: {
      ...shown(now),
      pairs: pairs.length,
      unequal,
      ...(before ? { before: shown(before) } : {}),
      ...recordedModel(found),
      ...templateOf(format),
    },
    text: describe(now, before, unequal, pairs.length),
  };
}

/** Upstream's numbers first, and beside them the same at other positions. */
function shown(overlaps: Overlaps): object {
  const of = (overlap: LatentOverlap | null): object | null =>
    overlap && {
      mean: overlap.mean,
      perModule: overlap.perModule,
      perLayer: perLayer(overlap),
      pairs: overlap.perPair.length,
    };
  return {
    mean: overlaps.all?.mean,
    perModule: overlaps.all?.perModule,
    perLayer: overlaps.all && perLayer(overlaps.all),
    perPair: overlaps.all?.perPair,
    pooled: Object.fromEntries(POSITIONS.map((positions) => [positions, of(overlaps[positions])])),
  };
}

/** Mean over the modules of each layer. */
function perLayer({ perModule }: LatentOverlap): number[] {
  const layers: number[][] = [];
  for (const [name, value] of Object.entries(perModule)) {
    const layer = /\blayers\.(\d+)\./.exec(name)?.[1];
    if (layer !== undefined) (layers[Number(layer)] ??= []).push(value);
  }
  return layers.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
}

function describe(now: Overlaps, before: Overlaps | undefined, unequal: number, pairs: number): string {
  const cell = (overlap: LatentOverlap | null | undefined): string => overlap?.mean.toPrecision(5) ?? '-';
  const row = (name: string, positions: Positions): string[] =>
    before ? [name, cell(before[positions]), cell(now[positions])] : [name, cell(now[positions])];
  const head = before ? ['positions', 'before', 'with the adapter'] : ['positions', 'latent overlap'];
  const rows = [row("all (upstream's)", 'all'), row('last token', 'last'), row('differing tokens', 'differing')];
  const layers = now.all ? perLayer(now.all) : [];
  const old = before?.all ? perLayer(before.all) : undefined;
  const byLayer = layers.map((value, i) => [i, ...(old ? [old[i].toPrecision(5)] : []), value.toPrecision(5)]);
  const note = unequal > 0 ? [`${unequal} of ${pairs} pairs differ in length: they are aligned at their ends`] : [];
  return [table(head, rows), table(['layer', ...head.slice(1)], byLayer), ...note].join('\n\n');
}
