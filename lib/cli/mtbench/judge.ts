import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { mtBench } from '../../evals';
import { ownFolder } from '../../files/folders';
import { PlainLines } from '../../files/json-lines';
import { checked, InputError, type Result } from '../command';
import { interruptible } from '../interrupts';
import { decimal, integer } from '../options';
import { say } from '../output';
import { startProgress } from '../progress';
import { scoresText } from './show';

const optionsSchema = z.object({
  answers: z.string().min(1),
  models: z.array(z.string()).optional(),
  questions: z.string(),
  references: z.string(),
  judgePrompts: z.string(),
  judge: z.string().min(1),
  baseUrl: z.url('--base-url: must be a URL such as http://localhost:8000/v1'),
  apiKeyEnv: z.string(),
  parallel: z.number(),
  timeout: z.number(),
  retries: z.number(),
  firstN: z.number().optional(),
  promptPrice: z.number().optional(),
  completionPrice: z.number().optional(),
});

type Options = z.infer<typeof optionsSchema>;

export function define(command: Command): void {
  command
    .requiredOption('--answers <dir>', 'folder with model_answer/*.jsonl; judgments go to model_judgment in it')
    .option('--models <names...>', 'judge these alone (default: all that have answers)')
    .requiredOption('--questions <file>', "FastChat's question.jsonl")
    .requiredOption('--references <file>', 'reference answers, as FastChat has them of gpt-4')
    .requiredOption('--judge-prompts <file>', "FastChat's judge_prompts.jsonl")
    .requiredOption('--judge <model>', 'the judging model, as the endpoint calls it')
    .option('--base-url <url>', 'an endpoint of OpenAI chat completions', 'https://api.openai.com/v1')
    .option('--api-key-env <name>', 'environment variable that holds its key', 'OPENAI_API_KEY')
    .option('--parallel <n>', 'requests at a time', integer({ min: 1, max: 256 }), 4)
    .option('--timeout <s>', 'seconds that one answer may take', decimal({ above: 0 }), 120)
    .option('--retries <n>', 'how often a request is sent again', integer({ min: 0, max: 1000 }), 8)
    .option('--first-n <n>', 'the first n questions alone', integer({ min: 1 }))
    .option('--prompt-price <x>', 'price of a million prompt tokens, to tell the cost', decimal({ min: 0 }))
    .option('--completion-price <x>', 'price of a million tokens of judgments', decimal({ min: 0 }));
}

/** `soo mtbench judge`: each turn of each answer from 1 to 10, in FastChat's file. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const { answers, judge, baseUrl } = options;
  const questions = mtBench.readQuestions(options.questions).slice(0, options.firstN);
  const tasks = mtBench.judgeTasks(materialOf(options, questions));
  const file = join(ownFolder(answers, 'model_judgment'), mtBench.judgmentsName(judge));
  const work = (signal: AbortSignal, listen: () => void) => {
    listen();
    return judgeAll(tasks, options, file, signal);
  };
  const { judgments, earlier, unjudged } = await interruptible(work, {
    notice: 'ending what is being asked; press again to quit now',
    kept: `the judgments that came are in ${file}; run the same command to continue from there`,
  });
  const scores = mtBench.mtBenchScores(judgments, questions);
  const spent = costOf(judgments, options);
  const failed = unjudged.map(({ task: { question, model, turn }, why }) => ({ question_id: question.question_id, model, turn, why })); // prettier-ignore
  const [first] = failed;
  const missing = first && `${failed.length} of ${tasks.length} judgments did not come, the first of ${first.model} (question ${first.question_id}, turn ${first.turn}): ${first.why}; the same command asks for them again`; // prettier-ignore
  return {
    json: { judge, baseUrl, file, judged: tasks.length - failed.length, earlier, failed, ...spent, scores },
    text: [scoresText(scores), spentText(spent), ...(missing ? [missing] : [])].join('\n\n'),
    failed: failed.length > 0,
  };
}

function materialOf(options: Options, questions: readonly mtBench.MtBenchQuestion[]): mtBench.JudgeMaterial {
  const folder = join(options.answers, 'model_answer');
  if (!existsSync(folder)) throw new InputError(`--answers ${options.answers}: holds no folder model_answer`);
  const models = options.models ?? mtBench.answeredModels(folder);
  return {
    questions,
    answers: new Map(models.map((model) => [model, mtBench.readAnswers(mtBench.answersFile(folder, model))])),
    references: mtBench.readAnswers(options.references),
    prompts: mtBench.readJudgePrompts(options.judgePrompts),
  };
}

async function judgeAll(
  tasks: readonly mtBench.JudgeTask[],
  { judge, baseUrl, apiKeyEnv, parallel, timeout: timeoutSeconds, retries }: Options,
  file: string,
  signal: AbortSignal,
): Promise<{ judgments: mtBench.MtBenchJudgment[]; earlier: number; unjudged: mtBench.Unjudged[] }> {
  using lines = new PlainLines(file, mtBench.judgmentSchema, mtBench.LINE_START);
  const left = mtBench.tasksLeft(tasks, judge, lines.earlier);
  const wanted = new Set(tasks.map((task) => keyOf(task, judge)));
  const judgments = lines.earlier.filter((one) => wanted.has(mtBench.judgmentKey(one)));
  const earlier = tasks.length - left.length;
  const progress = startProgress('judge', tasks.length);
  const onRetry = (why: string, seconds: number): void => say(`asking again in ${seconds.toFixed(1)} s: ${why}`);
  const apiKey = process.env[apiKeyEnv];
  const endpoint = new mtBench.Endpoint({ baseUrl, apiKey, timeoutSeconds, retries, signal, onRetry });
  const keep = (judgment: mtBench.MtBenchJudgment): void => {
    lines.append([judgment]);
    judgments.push(judgment);
    progress.update(judgments.length);
  };
  try {
    return { judgments, earlier, unjudged: await mtBench.judgeAnswers(left, { endpoint, judge, parallel, keep }) };
  } finally {
    progress.stop();
  }
}

const keyOf = ({ question, model, turn, prompt }: mtBench.JudgeTask, judge: string): string =>
  mtBench.judgmentKey({ question_id: question.question_id, model, turn, judge: [judge, prompt.name] });

interface Spent {
  tokens: { prompt: number; completion: number };
  /** In the money of the prices; null without prices. */
  cost: number | null;
}

/** Of all judgments that are kept, those of earlier runs too; what was asked in vain is not in it. */
function costOf(judgments: readonly mtBench.MtBenchJudgment[], { promptPrice, completionPrice }: Options): Spent {
  const sum = (of: 'prompt_tokens' | 'completion_tokens'): number => judgments.reduce((total, { usage }) => total + (usage?.[of] ?? 0), 0); // prettier-ignore
  const tokens = { prompt: sum('prompt_tokens'), completion: sum('completion_tokens') };
  const isPriced = promptPrice !== undefined || completionPrice !== undefined;
  const cost = (tokens.prompt * (promptPrice ?? 0) + tokens.completion * (completionPrice ?? 0)) / 1e6;
  return { tokens, cost: isPriced ? cost : null };
}

const spentText = ({ tokens, cost }: Spent): string =>
  `${tokens.prompt} prompt tokens, ${tokens.completion} tokens of judgments${cost === null ? '' : `, cost ${cost.toFixed(2)}`}`;
