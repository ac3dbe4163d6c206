import { Command, CommanderError, Help, type Option } from 'commander';
// Straight from its file: the folder's index loads the addon.
import { writeErrorFile } from '../distributed/error-file';
import { InputError, type Entry, type Group, type Result, type Subcommand } from './command';
import { commands } from './commands';
import { exitCodeOf, Interrupted } from './interrupts';
import { integer } from './options';
import { say, writeOut } from './output';
import { packageVersion } from './package-root';

const DONE = 0;
const FAILED = 1;
const BAD_USAGE = 2;

function print(result: Result, json: boolean): void {
  const text = json ? JSON.stringify(result.json, null, 2) : result.text;
  writeOut(text.endsWith('\n') ? text : `${text}\n`);
}

/** Sets libtorch's threads. Loaded late: the frame itself must work without the addon. */
function setThreads(threads: unknown, worksWithoutAddon: boolean): void {
  if (typeof threads !== 'number') return;
  try {
    const { torch } = require('../torch') as typeof import('../torch');
    torch.setNumThreads(threads);
  } catch (error) {
    if (!worksWithoutAddon) throw error;
  }
}

function attach(command: Command, subcommand: Subcommand, finish: (code: number) => void): void {
  subcommand.define(command);
  command.option('--json', 'print one JSON object and nothing else');
  const usual = subcommand.defaultThreads ?? 'all cores';
  command.option('--threads <n>', `number of libtorch's threads (default: ${usual})`, integer({ min: 1, max: 1024 }));
  command.allowExcessArguments(false);
  command.action(async () => {
    const { json, threads, ...options } = command.opts<Record<string, unknown>>();
    setThreads(threads ?? subcommand.defaultThreads, subcommand.worksWithoutAddon ?? false);
    const result = await subcommand.run(command.args, { ...options, json: json === true });
    if (!result.quiet) print(result, json === true);
    finish(result.interrupted ? exitCodeOf(result.interrupted) : result.failed ? FAILED : DONE);
  });
}

/** One line, whatever the error holds: messages of commander start with `error:` and may have several lines. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .trim()
    .split(/\s*\n\s*/)
    .join(' ');
}

function report(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return DONE;
    const group = commands.some((entry) => 'loadGroup' in entry && entry.name === argv[0]) ? ` ${argv[0]}` : '';
    const asked = argv[0] === 'help' ? argv[1] : undefined;
    const wrong = asked === undefined ? 'no command was named' : `there is no command ${asked}`;
    const listed = `${wrong}; \`soo${group} --help\` lists them`;
    say(`soo: ${oneLine(error.code === 'commander.help' ? listed : error.message)}`);
    return BAD_USAGE;
  }
  const message = error instanceof Error ? error.message : String(error);
  say(`soo: ${oneLine(message)}`);
  writeErrorFile(error);
  if (process.env.SOO_DEBUG && error instanceof Error) say(String(error.stack));
  if (error instanceof Interrupted) return error.exitCode;
  return error instanceof InputError ? BAD_USAGE : FAILED;
}

// Errors are printed by `report`, in one line; only help that was asked for is printed by commander.
const quiet = (command: Command) =>
  command
    .exitOverride()
    .configureOutput({ outputError() {}, writeErr() {}, writeOut })
    .configureHelp({ optionDescription });

/** As commander has it; what a command cannot do without is marked. */
function optionDescription(this: Help, option: Option): string {
  return Help.prototype.optionDescription.call(this, option) + (option.mandatory ? ' (required)' : '');
}

/** Adds commands to `parent`, and loads the one that `argv` calls. */
function addCommands(
  parent: Command,
  entries: readonly (Entry | Group)[],
  argv: readonly string[],
  finish: (code: number) => void,
): void {
  // `soo help finetune` asks about a command as `soo finetune --help` does.
  const [called, ...rest] = argv[0] === 'help' ? argv.slice(1) : argv;
  for (const entry of entries) {
    const { name, summary } = entry;
    const command = quiet(parent.command(name).summary(summary).description(summary));
    if (called !== name) continue;
    if ('loadGroup' in entry) addCommands(command, entry.loadGroup().commands, rest, finish);
    else attach(command, entry.load(), finish);
  }
}

function buildProgram(argv: readonly string[], finish: (code: number) => void): Command {
  const program = new Command('soo').description('Self-other overlap fine-tuning on libtorch');
  quiet(program).version(packageVersion(), '-V, --version');
  addCommands(program, commands, argv, finish);
  return program;
}

/**
 * Runs `soo` with the arguments after the command's own name. Results go to stdout, everything else to stderr.
 * Resolves to the exit code: 0 done, 1 failed, 2 bad usage or bad input, 128 and more when a signal ended it.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let code = DONE;
  try {
    await buildProgram(argv, (result) => (code = result)).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    code = report(error, argv);
  }
  return code;
}
