'use strict';

// Builds the addon with AddressSanitizer in a folder of its own and runs the tests of tensors with their kernels, of
// modules and of optimisers on it, or those that are named. A report of the sanitiser ends the process that it is about,
// and is printed at the end. What is never freed is not looked at: V8 and libtorch leave plenty as they end.
//
//   node scripts/sanitise.js [tests ...]      takes a few minutes on two cores

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { buildAddon } = require('./build-addon');
const { compileAddon } = require('./compile-addon');
const { handOver } = require('./hand-over');
const { ROOT } = require('./ready');
const { say } = require('./say');

const FOLDER = path.join(ROOT, 'build', 'sanitised');
const REPORTS = path.join(FOLDER, 'reports');
const FLAG = '-fsanitize=address';
const TESTED = ['torch', 'nn', 'optim'];
// They measure memory or limit it, and the sanitiser needs several times as much.
const LEFT_OUT = ['memory.test.ts', 'soak.test.ts'];

function testsOf(name) {
  const folder = path.join('test', name);
  const files = fs.readdirSync(path.join(ROOT, folder)).filter((file) => file.endsWith('.test.ts'));
  return files.filter((file) => !LEFT_OUT.includes(file)).map((file) => path.join(folder, file));
}

async function build() {
  const { path: libtorch } = await buildAddon();
  // What cmake takes over when it configures a folder for the first time.
  Object.assign(process.env, { CXXFLAGS: `${FLAG} -fno-omit-frame-pointer -g1`, CFLAGS: FLAG, LDFLAGS: FLAG });
  return compileAddon({ name: 'cmake' }, path.join(FOLDER, 'cmake'), fs.realpathSync(libtorch));
}

async function main(tests) {
  const addon = await build();
  fs.rmSync(REPORTS, { recursive: true, force: true });
  fs.mkdirSync(REPORTS, { recursive: true });
  const library = execFileSync('c++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  // Tests ask for more memory than there is: that is an error to be told, not a report.
  const settings = ['detect_leaks=0', 'allocator_may_return_null=1', 'quarantine_size_mb=64'];
  const options = [...settings, `log_path=${path.join(REPORTS, 'report')}`].join(':');
  const env = { ...process.env, SOO_TORCH_ADDON: addon, LD_PRELOAD: library, ASAN_OPTIONS: options };
  const tap = path.join(path.dirname(require.resolve('tap/package.json')), 'dist', 'esm', 'run.mjs');
  const code = await handOver([tap, '-t', '1800', '--jobs=1', ...tests], { cwd: ROOT, env });
  const written = fs
    .readdirSync(REPORTS)
    .sort()
    .map((name) => fs.readFileSync(path.join(REPORTS, name), 'utf8'));
  // It also notes there what it could not allocate.
  const reports = written.filter((text) => text.includes('ERROR: AddressSanitizer'));
  for (const report of reports) say(report);
  say(`AddressSanitizer: ${reports.length} reports in ${tests.length} test files`);
  return reports.length > 0 ? 1 : code;
}

const named = process.argv.slice(2);
main(named.length > 0 ? named : TESTED.flatMap(testsOf)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    say(`soo: ${error.message}`);
    process.exitCode = 1;
  },
);
