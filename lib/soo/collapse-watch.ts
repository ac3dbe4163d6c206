/** The watch over a run: when it measures, what it compares with, what it writes down, and when a module is a constant. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LineLog, readCheckedLines } from '../files/json-lines';
import type { LanguageModel } from '../models';
import type { Position } from '../training';
import { measureSites, sitesOf, tokensMeasured, type Site } from './collapse-measure';
import { batchesPerEpoch, readsLayer, totalSteps, type FinetuneConfig } from './finetune-config';
import type { TokenPair } from './pairs';

export const MONITOR = 'monitor.jsonl';

/** A module that keeps no more than this of both gaps and of its variation over prompts is a constant. */
export const CONSTANT = 0.05;

const value = z.number();
const values = z.object({ gap: value, nameGap: value.nullable(), norm: value, variation: value });

export const monitorRecordSchema = z.object({
  /** Steps that the optimiser had taken. */
  step: z.int().min(0),
  /** Batches that had been taken. */
  microBatch: z.int().min(0),
  /** By the module's name, the hooked one first. */
  sites: z.record(z.string(), values),
  /** What the hooked module keeps, as shares of its values before the first step. */
  kept: values,
  /** Whether it is a constant by {@link CONSTANT}. */
  collapsed: z.boolean(),
  ms: z.number(),
});

/** One measurement: a line of `monitor.jsonl`. */
export type MonitorRecord = z.infer<typeof monitorRecordSchema>;

export const monitorSummarySchema = z.object({
  /** The hooked module. */
  site: z.string(),
  /** Steps from one measurement to the next. */
  every: z.int(),
  /** Pairs that were measured, and whether under another name too. */
  pairs: z.int(),
  renamed: z.boolean(),
  /** At the end, by module: shares of the values before the first step. */
  kept: z.record(z.string(), values),
  /** The first step after which the hooked module was a constant; null where it never was. */
  collapsedAt: z.int().nullable(),
  /** Whether that ended the run. */
  stopped: z.boolean(),
});

/** How the watch came out, for `run.json`. */
export type MonitorSummary = z.infer<typeof monitorSummarySchema>;

/** Of the time of a run, what measuring may take; a little less than what is promised, as passes are not all alike. */
const BUDGET = 0.025;

/**
 * Steps between two measurements, from counts alone, so that the steps at which a run is measured depend on no clock.
 * A measurement is a pass over some prompts; a step is a pass and a way back over its batches, up to the layer that is
 * compared. Of a small model a pass takes as long for few tokens as for many: the dearer reckoning counts.
 */
export function monitorInterval(
  layers: number,
  { config, tuned, watched }: { config: FinetuneConfig; tuned: readonly TokenPair[]; watched: readonly TokenPair[] },
): number {
  if (config.monitorEvery !== 'auto') return config.monitorEvery;
  const steps = totalSteps(tuned.length, config);
  const perStep = Math.min(config.accumulate, batchesPerEpoch(tuned.length, config));
  const tokens = tuned.reduce((sum, { selfIds, otherIds }) => sum + selfIds.length + otherIds.length, 0);
  const partial = readsLayer(config.loss) && config.layer !== null && config.capability === 0;
  const depth = partial ? ((config.layer ?? 0) + 1) / layers : 1;
  // With the self side held, its half has no way back.
  const passes = (config.detachSelf ? 1.5 : 2) * depth * perStep;
  const perBatch = (tokens / tuned.length) * Math.min(config.batch, tuned.length);
  const share = Math.max(tokensMeasured(watched) / (passes * perBatch), 1 / passes);
  const affordable = Math.floor((BUDGET * steps) / share);
  // One of them is before the first step.
  return affordable > 2 ? Math.ceil(steps / (affordable - 1)) : steps;
}

interface WatchOptions {
  folder: string;
  model: LanguageModel;
  config: FinetuneConfig;
  /** Pairs that are tuned on, and those that are measured. */
  tuned: readonly TokenPair[];
  watched: readonly TokenPair[];
  padId: number;
  /** Where an earlier call stopped: what it measured later is measured again. */
  from: Position;
  onRecord?: (record: MonitorRecord) => void;
}

export class CollapseWatch implements Disposable {
  readonly every: number;
  readonly #sites: Site[];
  readonly #log: LineLog<MonitorRecord>;

  constructor(private readonly options: WatchOptions) {
    const { folder, model, config, from } = options;
    this.every = monitorInterval(model.config.numHiddenLayers, options);
    this.#sites = sitesOf(model, config);
    const path = join(folder, MONITOR);
    const earlier = from.microBatch > 0 && existsSync(path) ? readCheckedLines(path, monitorRecordSchema) : [];
    this.#log = new LineLog(path, earlier.filter(({ step }) => step <= from.step).length);
  }

  /** Measures where that is due. Before the first step it always is. */
  after(position: Position): void {
    const { step } = position;
    if (step % this.every === 0) this.#measure(position);
  }

  /** Measures where the run ends, unless it was measured there. */
  end(position: Position): void {
    if (this.#log.read().at(-1)?.step !== position.step) this.#measure(position);
  }

  #measure({ step, microBatch }: Position): void {
    const { model, watched, padId, onRecord } = this.options;
    const start = performance.now();
    const sites = measureSites(model, watched, { sites: this.#sites, padId });
    const hooked = this.#sites[0].name;
    const kept = keptOf(sites[hooked], this.#before(sites)[hooked]);
    const collapsed = [kept.gap, kept.nameGap ?? 0, kept.variation].every((share) => share <= CONSTANT);
    const record = { step, microBatch, sites, kept, collapsed, ms: performance.now() - start };
    this.#log.append(record);
    onRecord?.(record);
  }

  /** Values before the first step. */
  #before(now: MonitorRecord['sites']): MonitorRecord['sites'] {
    return this.#log.read().at(0)?.sites ?? now;
  }

  /** The first step after which the hooked module was a constant. */
  get collapsedAt(): number | null {
    return this.#log.read().find(({ collapsed }) => collapsed)?.step ?? null;
  }

  /** Whether the run is to end here. */
  get stops(): boolean {
    return this.options.config.stopOnCollapse && this.collapsedAt !== null;
  }

  summary(): MonitorSummary {
    const { watched } = this.options;
    const last = this.#log.read().at(-1)?.sites ?? {};
    const before = this.#before(last);
    const kept = Object.entries(last).map(([name, values]) => [name, keptOf(values, before[name])]);
    return {
      site: this.#sites[0].name,
      every: this.every,
      pairs: watched.length,
      renamed: watched.every(({ renamedIds }) => renamedIds),
      kept: Object.fromEntries(kept) as MonitorSummary['kept'],
      collapsedAt: this.collapsedAt,
      stopped: this.stops,
    };
  }

  /** Waits until every line is on the disk. */
  sync(): void {
    this.#log.sync();
  }

  [Symbol.dispose](): void {
    this.#log.close();
  }
}

/** Shares of the values of before; what was 0 has nothing to lose. */
function keptOf(now: z.infer<typeof values>, before: z.infer<typeof values>): z.infer<typeof values> {
  const share = (name: 'gap' | 'norm' | 'variation'): number => (before[name] > 0 ? now[name] / before[name] : 1);
  const nameGap = now.nameGap === null ? null : before.nameGap ? now.nameGap / before.nameGap : 1;
  return { gap: share('gap'), nameGap, norm: share('norm'), variation: share('variation') };
}
