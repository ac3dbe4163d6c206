import t from 'tap';
import { ChatTemplate } from '../../lib/text/chat-template';

const render = (source: string): string =>
  new ChatTemplate(source).render([{ role: 'user', content: 'Hi' }], {}, { addGenerationPrompt: true });

t.test("range is Python's", async (t) => {
  // list(range(*args)) of Python 3.
  const cases: [string, number[]][] = [
    ['4', [0, 1, 2, 3]],
    ['2, 5', [2, 3, 4]],
    ['0, 7, 3', [0, 3, 6]],
    ['5, 0, -2', [5, 3, 1]],
    ['3, 3', []],
    ['5, 2', []],
    ['-2', []],
  ];
  for (const [args, numbers] of cases) {
    t.equal(render(`{{ range(${args}) | join(',') }}`), numbers.join(','), `range(${args})`);
    t.equal(render(`{% for i in range(${args}) %}{{ i }},{% endfor %}`), numbers.map((n) => `${n},`).join(''));
  }
  t.equal(render('{% for m in messages %}{{ m.content }}{{ add_generation_prompt }}{% endfor %}'), 'HiTrue');
});

t.test('a template that takes too much is refused', async (t) => {
  const loops = (depth: number): string => '{% for i in range(300) %}'.repeat(depth) + '{% endfor %}'.repeat(depth);
  const hostile: [string, RegExp][] = [
    ['{{ range(999999999) }}', /range\(\) makes more than 100000 numbers/],
    ['{{ range(0, 1, 0) }}', /range\(\) step must not be 0/],
    ['{{ range(20000000) | join }}', /more than 100000 numbers/],
    [loops(4), /more than 100000 numbers/],
    [
      `{% set x = [${'1,'.repeat(300)}] %}${'{% for i in x %}'.repeat(6)}${'{% endfor %}'.repeat(6)}`,
      /takes longer than 5 seconds/,
    ],
    ['{{ raise_exception("no") }}', /^chat template: no$/],
  ];
  for (const [source, message] of hostile)
    t.throws(() => render(source), { name: 'InputError', message }, source.slice(0, 60));
});
