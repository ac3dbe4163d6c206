import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runSandboxed, type SandboxLimits, type SandboxOutcome } from '../../../lib/evals/capability/sandbox';

t.setTimeout(120_000);

t.test('gives what the code computes', async (t) => {
  const values = async (code: string, expression: string): Promise<unknown> => {
    const outcome = await runSandboxed(code, expression);
    return outcome.ok ? outcome.value : outcome.why;
  };
  t.same(await values('const twice = (n) => 2 * n;', '[twice(1), twice(4)]'), [2, 8]);
  t.same(await values('function f(s) { console.log(s); return { s, "\\n": [...s].reverse() } }', 'f("é\\"")'), {
    s: 'é"',
    '\n': ['"', 'é'],
  });
  t.same(await values('module.exports = (n) => n + 1; exports.x = 1', 'module.exports(1)'), 2);
  t.equal(await values('const f = ;', 'f()'), 'error');
  t.equal(await values('throw new Error("no")', '1'), 'error');
  t.equal(await values('', 'undefined'), 'error', 'no value is no answer');
});

const dir = t.testdir({});
const file = join(dir, 'harm');
const write = `getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(file)}, 'harm')`;
const fork = "getBuiltinModule('node:child_process').spawn('touch', [" + JSON.stringify(file) + '])';
const small = { seconds: 1, megabytes: 160, characters: 1000 };
const hostile: [name: string, code: string, why: SandboxOutcome | string, limits?: SandboxLimits][] = [
  ['runs for ever', 'while (true) {}', 'time', small],
  ['runs for ever in its result', 'const f = () => { for (;;) {} }', 'time', small],
  ['runs for ever in a promise', 'Promise.resolve().then(() => { for (;;) {} })', 'time', small],
  ['a slow pattern', "/^(a+)+$/.test('a'.repeat(40) + 'b')", 'time', small],
  ['fills the heap', 'const all = []; for (;;) all.push(Array.from({ length: 1e5 }, (_, i) => ({ i })))', 'memory', { megabytes: 160 }],
  ['fills memory outside the heap', 'const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1))', 'memory', { megabytes: 160 }],
  ['says too much', "const f = () => 'x'.repeat(1e6)", 'output', small],
  ['asks for a module', "import('node:fs')", 'refused'],
  ['requires a module', `require('node:fs').writeFileSync(${JSON.stringify(file)}, '')`, 'error'],
  ['forks', "require('child_process').fork('/')", 'error'],
  ['takes process from the constructor of its global', `this.constructor.constructor('return process')().${write}`, 'error'],
  ['takes process from a function', `(() => {}).constructor('return process')().${write}`, 'error'],
  ['takes process from the console', `console.log.constructor('return process')().${fork}`, 'error'],
  ['takes process from the frames of an error', `Error.prepareStackTrace = (_, sites) => sites; for (const site of new Error().stack) (site.getThis() ?? site.getFunction()).process.${write}`, 'error'],
  ['takes process from an error of Node', `try { (function f() { f(); })() } catch (e) { e.constructor.constructor('return process')().${write} }`, 'error'],
  ['puts its own JSON in place', 'JSON.stringify = () => "{"; const f = () => 1', 'error'],
  ['has a result that runs when it is read', 'const f = () => ({ toJSON() { for (;;) {} } })', 'time', small],
]; // prettier-ignore
for (const [name, code, why, limits] of hostile)
  t.test(`does no harm: ${name}`, async (t) => {
    t.same(await runSandboxed(code, "typeof f === 'function' ? f() : 1", limits), { ok: false, why });
    t.notOk(existsSync(file));
  });

t.test('there is nothing of Node in reach', async (t) => {
  const names = ['process', 'require', 'fetch', 'Buffer', 'setTimeout', 'WebSocket', 'Atomics', 'SharedArrayBuffer', 'WebAssembly']; // prettier-ignore
  const kinds = names.map((name) => `typeof ${name}`).join();
  t.same(await runSandboxed('', `[${kinds}]`), { ok: true, value: names.map(() => 'undefined') });
});

t.test('ends with the signal', async (t) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await t.rejects(runSandboxed('for (;;) {}', '1', { seconds: 100, signal: controller.signal }), { message: 'enough' });
  await t.rejects(runSandboxed('1', '1', { signal: AbortSignal.abort(new Error('before')) }), { message: 'before' });
});
