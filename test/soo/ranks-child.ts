/** A rank that fine-tunes the tiny model into a folder; alone where no variables tell of others. */
import { rankEnvironment, withProcessGroup } from '../../lib/distributed';
import type { FinetuneConfig } from '../../lib/soo';
import { CONFIG, NEUTRAL, tuneTiny, UNEVEN } from './finetune-child';

export interface RanksJob {
  folder: string;
  config: Partial<FinetuneConfig>;
  resume?: boolean;
  /** Aborts after this batch. */
  stopAt?: number;
  /** Ranks that are asked to stop; by default all. */
  stopped?: number;
}

if (require.main === module) {
  const job = JSON.parse(process.argv[2]) as RanksJob;
  const { SOO_TEST_LR: rate } = process.env;
  const ownRate = rate === undefined ? {} : { lr: Number(rate) };
  const controller = new AbortController();
  const config = {
    ...CONFIG,
    batch: 4,
    accumulate: 2,
    epochs: 3,
    lora: { ...CONFIG.lora, dropout: 0 },
    ...job.config,
    ...ownRate,
  };
  void withProcessGroup(
    rankEnvironment(),
    async (group) => {
      const onStep = ({ microBatch }: { microBatch: number }): void => {
        const isAsked = job.stopped === undefined || job.stopped === group?.rank;
        if (microBatch === job.stopAt && isAsked) controller.abort(new Error('asked to stop'));
      };
      const { folder, resume } = job;
      const { signal } = controller;
      return tuneTiny(folder, { pairs: UNEVEN, neutral: NEUTRAL, config, resume, group, onStep, signal });
    },
    { timeoutMs: 60_000 },
  ).then(
    (result) => process.stdout.write(JSON.stringify(result)),
    (thrown: Error) => {
      process.stderr.write(`${thrown.name}: ${thrown.message}\n`);
      process.exitCode = 1;
    },
  );
}
