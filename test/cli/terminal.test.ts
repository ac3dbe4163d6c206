import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { terminalText } from '../../scripts/terminal-text';

const ROOT = join(__dirname, '..', '..');
const TINY = join(ROOT, 'test', 'parity', 'models', 'tiny');
const START = ['--import', './test/typescript.mjs', '-e'];
/** Starts `soo` from its sources; `before` runs ahead of it. */
const CALL = "require('./lib/cli/program').main(process.argv.slice(1)).then((code) => (process.exitCode = code))";
const ESCAPES = '\u001b]0;owned\u0007a\u001b[31m\u001b]52;c;ZXZpbA==\u0007\u009b2J\u007f\u0000\u202egnp';

t.test('what a terminal would obey is spelled out, and all else stays', async (t) => {
  t.equal(terminalText('plain ü 漢 \u{1f600}\tand\nlines'), 'plain ü 漢 \u{1f600}\tand\nlines');
  t.equal(terminalText('\u001b[31m\r\u0007'), '\\x1b[31m\\x0d\\x07');
  t.equal(terminalText('\u009b\u007f\u202e\u2066\u200f\u061c'), '\\x9b\\x7f\\u202e\\u2066\\u200f\\u061c');
  // Unicode's own lists: General_Category=Cc but tab and line feed, and Bidi_Control.
  for (let code = 0; code < 0x10000; code++) {
    const char = String.fromCharCode(code);
    const obeyed = (/\p{Cc}/u.test(char) && char !== '\t' && char !== '\n') || /\p{Bidi_Control}/u.test(char);
    if (obeyed === (terminalText(char) === char)) t.fail(`U+${code.toString(16)}`);
  }
});

t.test('prompts and answers reach a terminal without escape sequences, and a pipe as they are', async (t) => {
  const prompts = join(t.testdir({ 'p.json': JSON.stringify([ESCAPES]) }), 'p.json');
  const say = (isTTY: boolean): string => {
    const before = `process.stdout.isTTY = ${isTTY};`;
    const args = ['generate', '--model', TINY, '--prompts', prompts, '--max-new-tokens', '1', '--threads', '1'];
    return spawnSync(process.execPath, [...START, before + CALL, '--', ...args], { cwd: ROOT, encoding: 'utf8' })
      .stdout;
  };
  t.ok(say(false).startsWith(ESCAPES));
  const shown = say(true);
  t.ok(shown.startsWith(terminalText(ESCAPES)), shown);
  t.equal(shown, terminalText(shown));
});

/** Runs `soo` with stdout going to a path. */
function into(path: string, ...args: string[]): { code: number | null; stderr: string } {
  const file = openSync(path, 'w');
  const ran = spawnSync(process.execPath, [...START, CALL, '--', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', file, 'pipe'],
  });
  closeSync(file);
  return { code: ran.status, stderr: ran.stderr };
}

t.test('a full disk is told in one line', async (t) => {
  const folder = t.testdir({ 'p.json': JSON.stringify(['a map', 'a key']) });
  const args = ['tokenize', '--model', TINY, '--prompts', join(folder, 'p.json'), '--json'];
  const whole = into(join(folder, 'out'), ...args);
  t.same(whole, { code: 0, stderr: '' });
  t.same(Object.keys(JSON.parse(readFileSync(join(folder, 'out'), 'utf8')) as object), ['ids']);
  for (const call of [args, ['--help']]) {
    const { code, stderr } = into('/dev/full', ...call);
    t.equal(code, 1);
    t.match(stderr, /^soo: stdout: what was printed is cut short: ENOSPC[^\n]*\n$/);
  }
});

t.test('a write that the disk takes half of is gone on with', async (t) => {
  const folder = t.testdir({ 'p.json': JSON.stringify(['a map', 'a key']) });
  const out = join(folder, 'out');
  const before =
    "const fs = require('node:fs'); const { writeSync } = fs; fs.writeSync = (file, bytes, ...at) => file === 1 ? writeSync(file, bytes, at[0] ?? 0, 7 < bytes.length - (at[0] ?? 0) ? 7 : undefined) : writeSync(file, bytes, ...at);";
  const file = openSync(out, 'w');
  const args = ['tokenize', '--model', TINY, '--prompts', join(folder, 'p.json'), '--json'];
  spawnSync(process.execPath, [...START, before + CALL, '--', ...args], {
    cwd: ROOT,
    stdio: ['ignore', file, 'inherit'],
  });
  closeSync(file);
  t.same(Object.keys(JSON.parse(readFileSync(out, 'utf8')) as object), ['ids']);
});

t.test('a closed terminal and a reader who leaves save the run', async (t) => {
  const folder = t.testdir({});
  writeFileSync(join(folder, 'pairs.json'), JSON.stringify([['a map', 'the map']]));
  // Progress comes every ten seconds; a test does not wait for that.
  const bin = `process.stderr.on('error', () => {}); setInterval(() => process.stderr.write('.'), 50).unref(); ${CALL}`;
  const started = (out: string) => {
    const args = [
      'finetune',
      '--model',
      TINY,
      '--pairs',
      join(folder, 'pairs.json'),
      '--max-steps',
      '100000',
      '--out',
      out,
      '--threads',
      '1',
    ];
    return spawn(process.execPath, [...START, bin, '--', ...args], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const statusOf = (out: string): string =>
    (JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { status: string }).status;
  for (const way of ['SIGHUP', 'EPIPE'] as const) {
    const out = join(folder, way);
    const child = started(out);
    const ended = new Promise((done) => child.on('close', (code) => done(code)));
    // The line of the first batch.
    await new Promise<void>((done) =>
      child.stderr.on('data', (text) => String(text).includes('finetune ...') && done()),
    );
    if (way === 'SIGHUP') child.kill('SIGHUP');
    else child.stderr.destroy();
    t.equal(await ended, way === 'SIGHUP' ? 129 : 141, way);
    t.equal(statusOf(out), 'interrupted', way);
  }
});
