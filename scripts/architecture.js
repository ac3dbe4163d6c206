'use strict';

// Holds docs/architecture.md to the code: draws the picture of rooms into it, and checks what it says of floors, routes,
// sizes and names.
//
//   node scripts/architecture.js           check, as `npm run lint` does
//   node scripts/architecture.js --write   draw the picture anew

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');
const PAGE = path.join(ROOT, 'docs', 'architecture.md');
const [BEGIN, END] = ['<!-- picture: begin -->', '<!-- picture: end -->'];
const MOST_LINES = 500;
/** Headings of the page whose tables name the files of a route, with the most that there may be. */
const ROUTES = {
  'From `soo finetune` to the optimiser’s step': { files: 12, control: 5 },
  'From `soo rl train` to an update': { files: 10, control: 10 },
};

/** The modules of lib/ with what they import, as dependency-cruiser sees them, and its verdict on the rules. */
async function cruised() {
  const { cruise } = await import('dependency-cruiser');
  const { default: configuration } = await import('../.dependency-cruiser.mjs');
  const { options, ...ruleSet } = configuration;
  const result = await cruise(['lib'], { ...options, baseDir: ROOT, ruleSet, validate: true });
  return result.output;
}

const roomOf = (file) => /^lib\/([^/]+)/.exec(file)?.[1].replace(/\.ts$/, '');

/** Arrows between rooms, each once; rooms of `floors` from the top down. */
function picture(modules, floors) {
  const arrows = new Set();
  for (const { source, dependencies } of modules) {
    for (const { resolved } of dependencies) {
      const [from, to] = [roomOf(source), roomOf(resolved)];
      if (from && to && from !== to && from !== 'index') arrows.add(`${from} --> ${to}`);
    }
  }
  const groups = [...floors].reverse().map((rooms, i) => {
    const names = rooms.map((room) => room.replace('.ts', '')).filter((room) => room !== 'index');
    return [
      `  subgraph floor${floors.length - i} [floor ${floors.length - i}]`,
      ...names.map((n) => `    ${n}`),
      '  end',
    ];
  });
  return ['```mermaid', 'flowchart TD', ...groups.flat(), ...[...arrows].sort().map((a) => `  ${a}`), '```'].join('\n');
}

/** Rows of the first table under a heading: [file, mark]. */
function routeOf(page, heading) {
  const at = page.indexOf(`### ${heading}\n`);
  if (at < 0) return [];
  const [section] = page.slice(at + heading.length + 5).split(/\n#{2,3} /);
  return [...section.matchAll(/^\| `([^`]+)` +\|(.*)\|(.*)\|$/gm)].map(([, file, , mark]) => [file, mark.trim()]);
}

function checkRoute(page, modules, heading, most) {
  const rows = routeOf(page, heading);
  const control = rows.filter(([, mark]) => mark !== '').map(([file]) => file);
  const imports = new Map(modules.map(({ source, dependencies }) => [source, dependencies.map((d) => d.resolved)]));
  const reach = (from, to) =>
    imports.get(from)?.some((each) => each === to || (each.endsWith('/index.ts') && imports.get(each)?.includes(to)));
  const problems = [];
  if (rows.length === 0) problems.push(`${heading}: no such route in docs/architecture.md`);
  if (rows.length > most.files) problems.push(`${heading}: ${rows.length} files, at most ${most.files} are allowed`);
  if (control.length > most.control) {
    problems.push(`${heading}: control passes through ${control.length} files, at most ${most.control} are allowed`);
  }
  for (const [file] of rows) if (!imports.has(file)) problems.push(`${heading}: ${file} is no file of lib/`);
  // Through a callback, control comes back to a file that was passed before: it is that one that imports the next.
  for (const file of control.slice(1)) {
    if (!rows.some(([other]) => reach(other, file))) problems.push(`${heading}: no file of the route imports ${file}`);
  }
  return { problems, files: rows.length, control: control.length };
}

function sourceFiles() {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  return listed
    .toString()
    .split('\n')
    .filter((name) => /^(lib|native|scripts|bin|bench|experiments|test)\/.*\.(ts|js|mjs|cc|h|c|py)$/.test(name))
    .filter((name) => fs.existsSync(path.join(ROOT, name)));
}

function checkSources() {
  const problems = [];
  for (const name of sourceFiles()) {
    const text = fs.readFileSync(path.join(ROOT, name), 'utf8');
    const lines = text.split('\n').length - 1;
    if (lines > MOST_LINES) problems.push(`${name}: ${lines} lines, at most ${MOST_LINES} are allowed`);
    const may =
      name.startsWith('test/') || name === 'lib/models/families/mistral.ts' || name === 'scripts/architecture.js';
    if (!may && /\bMistral/.test(text)) problems.push(`${name}: names Mistral, which only its family file does`);
  }
  return problems;
}

async function main(write) {
  const { modules, summary } = await cruised();
  const { FLOORS } = await import('../.dependency-cruiser.mjs');
  let page = fs.readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const [, after] = rest.split(END);
  const drawn = `${before}${BEGIN}\n\n${picture(modules, FLOORS)}\n\n${END}${after}`;
  if (write) fs.writeFileSync(PAGE, (page = drawn));
  const problems = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
  if (page !== drawn) problems.push('docs/architecture.md: the picture is old; draw it with `npm run architecture`');
  for (const [heading, most] of Object.entries(ROUTES)) {
    const route = checkRoute(page, modules, heading, most);
    problems.push(...route.problems);
    console.log(`${heading}: ${route.files} files, control passes through ${route.control}`);
  }
  problems.push(...checkSources());
  for (const problem of problems) console.error(`architecture: ${problem}`);
  console.log(`${modules.length} modules, ${problems.length} problems`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

main(process.argv.includes('--write'));
