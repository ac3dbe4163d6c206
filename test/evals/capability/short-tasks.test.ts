import t from 'tap';
import { shortTasks, TASK_NAMES, type AskedTask, type TaskName } from '../../../lib/evals';

t.setTimeout(120_000);

const asked = (task: TaskName, each = 12): AskedTask[] => shortTasks({ tasks: [task], each, seed: 7 });
const find = (task: TaskName, pattern: RegExp): { one: AskedTask; found: RegExpExecArray } => {
  for (const one of asked(task, 24)) {
    const found = pattern.exec(one.prompt);
    if (found) return { one, found };
  }
  throw new Error(`no ${task} like ${pattern}`);
};

t.test('the same seed makes the same tasks, however many and whichever others are made', (t) => {
  const prompts = (tasks: readonly AskedTask[]): string[] =>
    tasks.map(({ task, id, prompt }) => `${task} ${id} ${prompt}`);
  const all = shortTasks({ each: 6, seed: 7 });
  t.equal(all.length, 6 * TASK_NAMES.length);
  t.equal(new Set(prompts(all)).size, all.length, 'no two are the same');
  for (const task of TASK_NAMES)
    t.same(prompts(asked(task)).slice(0, 6), prompts(all.filter((one) => one.task === task))); // prettier-ignore
  t.notSame(prompts(shortTasks({ each: 6, seed: 8 })), prompts(all));
  t.throws(() => shortTasks({ each: 0, seed: 1 }), {
    message: 'shortTasks: each must be a whole number of 1 or more, got 0',
  });
  t.end();
});

t.test('arithmetic: the last number counts', (t) => {
  const { one, found } = find('arithmetic', /What is (\d\d) \+ (\d+)\?/);
  const [a, b] = found.slice(1).map(Number);
  for (const right of [`${a + b}`, `${a} + ${b} = ${a + b}.`, `The answer is **${a + b}**.`])
    t.ok(one.check(right), right);
  for (const wrong of ['', 'a', `${a + b + 1}`, `${a + b}0`, `-${a + b}`, `${a + b}.5`, `${a}+${b}`])
    t.notOk(one.check(wrong), wrong);
  const minus = find('arithmetic', /What is (\d+) - (\d+)\?/);
  const [c, d] = minus.found.slice(1).map(Number);
  t.ok(minus.one.check(`${c}-${d} = ${c - d}`));
  const terms = find('arithmetic', /What is (\d+) \+ (\d+) - (\d+)\?/);
  const [x, y, z] = terms.found.slice(1).map(Number);
  t.ok(terms.one.check(String(x + y - z)));
  const times = find('arithmetic', /What is (\d+) \* (\d+)\?/);
  t.ok(times.one.check(String(Number(times.found[1]) * Number(times.found[2]))));
  t.end();
});

t.test('copying: the text and nothing else', (t) => {
  for (const one of asked('copying', 6)) {
    const text = one.prompt.split('\n\n')[1];
    for (const right of [text, `"${text}"`, `\`\`\`\n${text}\n\`\`\``]) t.ok(one.check(right), right);
    for (const wrong of ['', text.slice(1), `${text}.`, `Here it is: ${text}`, text.toLowerCase().toUpperCase() + '!'])
      t.notOk(one.check(wrong), wrong);
  }
  t.end();
});

t.test('sorting: the last mentions of the items count', (t) => {
  for (const one of asked('sorting', 8)) {
    const items = /: (.*?)\. Write/.exec(one.prompt)?.[1].split(', ') ?? [];
    const sorted = items.toSorted(one.prompt.includes('numbers') ? (a, b) => Number(a) - Number(b) : undefined);
    t.ok(one.check(sorted.join(', ')));
    t.ok(one.check(`${items.join(', ')}\nSorted: ${sorted.join(',')}.`), 'the list said again before it');
    t.ok(one.check(sorted.map((item) => `- ${item}`).join('\n')), 'in lines');
    t.notOk(one.check(sorted.toReversed().join(', ')));
    t.notOk(one.check(sorted.slice(1).join(', ')), 'one is missing');
    t.notOk(one.check(''));
  }
  t.end();
});

t.test('format: each form, and what is near it', (t) => {
  const json = find('format', /keys, "(\w+)" and "(\w+)"/);
  const [, a, b] = json.found;
  const object = JSON.stringify({ [a]: 'x', [b]: 'y' });
  for (const right of [object, `\`\`\`json\n${object}\n\`\`\``]) t.ok(json.one.check(right), right);
  for (const wrong of [`Here: ${object}`, `{"${a}": "x"}`, `{"${a}": 1, "${b}": "y"}`, `{"${a}": "x", "${b}": "y", "z": "z"}`, 'null', '[]', ''])
    t.notOk(json.one.check(wrong), wrong); // prettier-ignore
  const lines = (count: number, start: (i: number) => string): string => Array.from({ length: count }, (_, i) => `${start(i)}thing`).join('\n'); // prettier-ignore
  for (const [pattern, start] of [
    [/exactly (\d) lines/, () => '- '],
    [/"1\." to "(\d)\."/, (i: number) => `${i + 1}. `],
  ] as const) {
    // prettier-ignore
    const { one, found } = find('format', pattern);
    const count = Number(found[1]);
    t.ok(one.check(lines(count, start)));
    for (const wrong of [lines(count + 1, start), lines(count - 1, start), lines(count, () => '* '), `Here:\n${lines(count, start)}`])
      t.notOk(one.check(wrong), wrong); // prettier-ignore
  }
  const capitals = find('format', /capital letters/).one;
  t.ok(capitals.check('THE SEA IS 3 MILES WIDE.'));
  for (const wrong of ['The sea is wide.', 'THE SEA', '1 2 3 4', '']) t.notOk(capitals.check(wrong), wrong);
  const ending = find('format', /exactly these words: (.*)$/);
  t.ok(ending.one.check(`The sea is wide. ${ending.found[1]}`));
  for (const wrong of [ending.found[1], 'The sea is wide.', `The sea is wide. ${ending.found[1]} Bye`])
    t.notOk(ending.one.check(wrong), wrong);
  const plain = find('format', /without a single comma/).one;
  t.ok(plain.check('The sea is wide and blue and full of many small fish.'));
  for (const wrong of ['The sea is wide, blue and full of many small old fish.', 'The sea is wide.'])
    t.notOk(plain.check(wrong), wrong);
  t.end();
});

/** What a good programmer answers; of what has numbers in it, by the prompt. */
function solution(prompt: string): string {
  const n = /divisible by (\d+)|greater than (\d+)/.exec(prompt);
  const letter = /letter "(\w)"/.exec(prompt)?.[1];
  const terms = /term 0 is (\d+), whose term 1 is (\d+)/.exec(prompt);
  const bodies: Record<string, string> = {
    sumOfMultiples: `function sumOfMultiples(a) { let s = 0; for (const n of a) if (n % ${n?.[1]} === 0) s += n; return s; }`,
    reverseWords: 'const reverseWords = (s) => s.split(" ").reverse().join(" ");',
    countLetter: `function countLetter(s) { return [...s].filter((c) => c === "${letter}").length; }`,
    doubledAbove: `var doubledAbove = function (a) { return a.filter((x) => x > ${n?.[2]}).map((x) => x * 2); }`,
    range: 'const range = (a) => Math.max(...a) - Math.min(...a); console.log(range([1, 2]));',
    isPalindrome: 'function isPalindrome(s) { return s === s.split("").reverse().join(""); }',
    term: `function term(n) { let [a, b] = [${terms?.[1]}, ${terms?.[2]}]; while (n-- > 0) [a, b] = [b, a + b]; return a; }`,
    longestWord: 'const longestWord = (s) => s.split(" ").reduce((m, w) => Math.max(m, w.length), 0)',
  };
  return bodies[/named (\w+)/.exec(prompt)?.[1] ?? ''];
}

t.test('code: runs in the sandbox, on inputs of its own', async (t) => {
  for (const one of asked('code', 8)) {
    const code = solution(one.prompt);
    t.ok(await one.check(`Here it is:\n\`\`\`js\n${code}\n\`\`\`\nIt works.`), one.prompt);
  }
  const [one] = asked('code', 1);
  const code = solution(one.prompt);
  t.ok(await one.check(code), 'without a fence');
  const name = /named (\w+)/.exec(one.prompt)?.[1];
  for (const wrong of ['', `const ${name} = () => 0`, code.replace(String(name), 'other'), code.replace('return', '')])
    t.notOk(await one.check(wrong), wrong);
});
