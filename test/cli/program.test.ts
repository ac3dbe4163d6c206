import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const ROOT = path.resolve(__dirname, '../..');

/** Runs `main` for each list of arguments in one process; the output of each is caught. */
const RUN = `
  const { main } = require('./lib/cli/program');
  const { commands } = require('./lib/cli/commands');
  commands.push({
    name: 'try',
    summary: 'a command of this test',
    load: () => ({
      worksWithoutAddon: true,
      define: (command) => command.argument('<kind>').requiredOption('--what <text>'),
      run([kind], { what }) {
        const { InputError } = require('./lib/cli/command');
        if (kind === 'input') throw new InputError('line one\\nline two');
        if (kind === 'crash') throw new Error('it broke');
        return { json: { kind, what, missing: NaN }, text: kind + ' ' + what, failed: kind === 'failed' };
      },
    }),
  });
  (async () => {
    const outcomes = [];
    const real = process.stdout.write.bind(process.stdout);
    for (const argv of JSON.parse(process.argv[1])) {
      const caught = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr']) process[name].write = (text) => ((caught[name] += text), true);
      outcomes.push({ code: await main(argv), ...caught });
    }
    real(JSON.stringify(outcomes));
  })();
`;

function outcomesOf(calls: string[][]): Outcome[] {
  const args = ['-r', './scripts/typescript.js', '-e', RUN, '--', JSON.stringify(calls)];
  const ran = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout) as Outcome[];
}

t.test('results, failures, and help', async (t) => {
  const [text, json, failed, crash, help, own, version] = outcomesOf([
    ['try', 'well', '--what', 'x'],
    ['try', 'well', '--what', 'x', '--json'],
    ['try', 'failed', '--what', 'x'],
    ['try', 'crash', '--what', 'x'],
    ['--help'],
    ['try', '--help'],
    ['--version'],
  ]);
  t.same(text, { code: 0, stdout: 'well x\n', stderr: '' });
  t.match(json, { code: 0, stderr: '' });
  t.same(JSON.parse(json?.stdout ?? ''), { kind: 'well', what: 'x', missing: null });
  t.match(failed, { code: 1, stdout: 'failed x\n' });
  t.same(crash, { code: 1, stdout: '', stderr: 'soo: it broke\n' });
  t.match(help, { code: 0, stdout: /doctor +show what soo-torch runs on/, stderr: '' });
  t.match(own, { code: 0, stdout: /--what <text>[^]*\(required\)[^]*--json[^]*--threads <n>[^]*--help/ });
  t.match(version, { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
});

t.test('bad usage and bad input: one line, exit code 2, nothing on stdout', async (t) => {
  const calls: [string[], RegExp][] = [
    [[], /no command was named/],
    [['nonsense'], /unknown command 'nonsense'/],
    [['help', 'nonsense'], /there is no command nonsense; `soo --help` lists them/],
    [['--nonsense'], /unknown option '--nonsense'/],
    [['try'], /missing required argument 'kind'|required option '--what <text>' not specified/],
    [['try', 'well'], /required option '--what <text>' not specified/],
    [['try', 'well', '--what'], /option '--what <text>' argument missing/],
    [['try', 'well', 'more', '--what', 'x'], /too many arguments/],
    [['try', 'well', '--what', 'x', '--threads', 'many'], /'many' is invalid. It must be a whole number/],
    [['try', 'well', '--what', 'x', '--threads', '0'], /It must be at least 1/],
    [['try', 'input', '--what', 'x'], /line one line two/],
    [['doctor', 'extra'], /too many arguments for 'doctor'/],
  ];
  outcomesOf(calls.map(([argv]) => argv)).forEach(({ code, stdout, stderr }, index) => {
    const [argv = [], message = /./] = calls[index] ?? [];
    const name = `soo ${argv.join(' ')}`;
    t.equal(code, 2, name);
    t.equal(stdout, '', name);
    t.match(stderr, message, name);
    t.match(stderr, /^soo: [^\n]+\n$/, `${name}: one line`);
  });
});
