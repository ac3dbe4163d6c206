/** A process of the demo's pool: loads the model, then makes runs as they are handed to it. */
import { buildEvaluationSets } from '../../evals/organism';
import { Mistral } from '../../models';
import { torch } from '../../torch';
import { makeRun, type RunContext } from './one-run';
import type { Order, Report } from './pool';

const tell = (report: Report): void => void process.send?.(report);

function start({ folder, logFolder, settings, threads }: Extract<Order, { type: 'start' }>): RunContext {
  torch.setNumThreads(threads);
  const { promptsPerFamily: n, promptSeed: seed } = settings;
  const sets = buildEvaluationSets({ split: 'test', n, seed });
  return {
    model: Mistral.fromFolder(folder),
    sets,
    settings,
    logFolder,
    onEvent: (event) => tell({ type: 'event', event }),
  };
}

let context: RunContext | undefined;

async function obey(order: Order): Promise<void> {
  if (order.type === 'start') context = start(order);
  else if (context) await makeRun(context, order.planned);
  tell({ type: 'ready' });
}

process.on('message', (order: Order) => {
  obey(order).catch((thrown: unknown) =>
    tell({ type: 'error', message: thrown instanceof Error ? thrown.message : String(thrown) }),
  );
});
// Ctrl-C reaches every process of the terminal: the demo itself decides what is saved, and then ends its workers.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
