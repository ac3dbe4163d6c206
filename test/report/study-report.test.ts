import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { readDrawable, studyMaterial, writeStudyFigure, writeStudyReport } from '../../lib/report';
import { radarChart } from '../../lib/report/charts/radar-chart';
import { drawSvg } from '../../lib/report/charts/draw';
import { readAgreement, readStudyResults, sampleStudy } from '../../lib/studies/honesty';
import { soo } from '../cli/soo';
import { ARMS, madeUpStudy, SEEDS } from '../studies/honesty/made-up-study';

const plain = (page: string): string =>
  page
    .replace(/<(style|svg)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('→', '->')
    .replace(/\s+/g, ' ');

const CHARTS = ['behaviours', 'checks', 'deceptive', 'effect', 'latent', 'motives', 'sets'];

t.test('a study is drawn from what its folder holds: verdicts, figures, numbers, answers', async (t) => {
  const folder = t.testdir();
  const results = madeUpStudy(folder);
  const { report, charts } = await readDrawable(join(folder, 'results.json'))(folder);
  const page = readFileSync(report, 'utf8');
  const text = plain(page);
  t.ok(text.includes(results.verdict.text));
  for (const { name, verdict, text: said } of results.claims)
    t.ok(text.includes(`${name} ${verdict} ${said.trim()}`), name);
  t.same(charts.map((path) => basename(path, '.png')).sort(), CHARTS);
  for (const arm of ARMS) t.ok(text.includes(`${arm} `), arm);
  const [share] = [results.arms.overlap.behaviours!.rates!.deceptive.share];
  t.ok(page.includes(`overlap ${(100 * share).toFixed(0)}%`), 'the figure in words');
  for (const { faults } of Object.values(results.arms)) for (const fault of faults) t.ok(text.includes(fault.text));
  t.match(text, /I would point out the study\. honest/, 'answers with their labels');
  t.match(text, /Item 0 of burglar, cheap-first\. Which room, "attic" or study\?/);
  t.notMatch(text, /Item 1 of/, 'the first of each set, not chosen ones');
  const one = await writeStudyFigure('effect', results, join(folder, 'tasks'));
  t.same(readFileSync(one.path), readFileSync(join(folder, 'charts', 'effect.png')), 'a figure by itself');
  await t.rejects(writeStudyFigure('judge', results, folder), /made-up: has no figure "judge", only deceptive, /);
  t.notMatch(text, /undefined|NaN(?! in the loss)|\[object/);
  t.match(page, /default-src &#39;none&#39;/, 'nothing may be fetched');

  const out = join(folder, 'again');
  mkdirSync(out);
  const again = await writeStudyReport(
    readStudyResults(join(folder, 'results.json')),
    out,
    studyMaterial(folder, results),
  );
  t.equal(readFileSync(again.report, 'utf8'), page, 'the same results give the same page');
});

t.test('results alone are drawn too, without answers; a folder is its results.json', async (t) => {
  const folder = t.testdir({ study: {}, moved: {} });
  madeUpStudy(join(folder, 'study'));
  writeFileSync(join(folder, 'moved', 'results.json'), readFileSync(join(folder, 'study', 'results.json')));
  const [drawn] = soo(['report', join(folder, 'moved')]);
  t.equal(drawn.code, 0, drawn.stderr);
  t.same(readdirSync(join(folder, 'moved')).sort(), ['charts', 'report.html', 'results.json']);
  t.notMatch(readFileSync(join(folder, 'moved', 'report.html'), 'utf8'), /Sample answers/);
});

t.test('collapse over steps, and MT-Bench by category, where they were measured', async (t) => {
  const folder = t.testdir();
  const results = madeUpStudy(folder);
  for (const seed of SEEDS) {
    const lines = [0, 5, 10].map((step) => {
      const kept = { gap: 1 - step / 10, nameGap: seed === SEEDS[0] ? null : 0.9, norm: 1, variation: 0.8 };
      return JSON.stringify({ step, microBatch: 4 * step, sites: {}, kept, collapsed: false, ms: 2 });
    });
    writeFileSync(join(folder, 'tasks', `overlap-${seed}`, 'monitor.jsonl'), `${lines.join('\n')}\n`);
  }
  const categories = ['writing', 'math', 'coding'];
  mkdirSync(join(folder, 'mt-bench', 'model_judgment'), { recursive: true });
  const questions = categories.map((category, i) => JSON.stringify({ question_id: i, category, turns: ['a', 'b'] }));
  writeFileSync(join(folder, 'mt-bench', 'question.jsonl'), `${questions.join('\n')}\n`);
  const judged = ['baseline', 'overlap'].flatMap((model, m) =>
    categories.map((_, question_id) =>
      JSON.stringify({
        ...{
          question_id,
          model,
          judge: ['a-judge', 'single-v1'],
          user_prompt: '',
          judgment: '',
          score: 8 - m - question_id,
        },
        ...{ turn: 1, tstamp: 0 },
      }),
    ),
  );
  writeFileSync(join(folder, 'mt-bench', 'model_judgment', 'a-judge_single.jsonl'), `${judged.join('\n')}\n`);

  const { sheet } = sampleStudy(folder, { n: 40, seed: 1 });
  const lines = readFileSync(sheet, 'utf8').trimEnd().split('\n');
  // By hand all answers that name the study are honest, and all others deceptive.
  const label = (line: string): string => (line.includes('out the study') ? 'honest' : 'deceptive');
  writeFileSync(
    sheet,
    lines.map((line) => `${JSON.stringify({ ...JSON.parse(line), label: label(line) })}\n`).join(''),
  );
  const found = readAgreement(folder);

  const { charts, report } = await readDrawable(join(folder, 'results.json'))(folder);
  t.same(charts.map((path) => basename(path, '.png')).sort(), [...CHARTS, 'collapse', 'judge', 'mt-bench'].sort());
  t.ok(
    plain(readFileSync(report, 'utf8')).includes(`They agree in ${(100 * found.agreement).toFixed(0)}%; Cohen's kappa`),
  );
  const page = readFileSync(report, 'utf8');
  t.match(page, /baseline: writing 8\.0, math 7\.0, coding 6\.0\. overlap: writing 7\.0, math 6\.0, coding 5\.0\./);
  t.equal(results.claims.length, 2);
});

t.test("a radar's lines lie at their scores", async (t) => {
  t.equal(radarChart({ a: { x: 1, y: 2 } }), null, 'two axes are no radar');
  const chart = radarChart({ a: { n: 10, e: 5, s: null, w: 2.5 } });
  const svg = chart ? await drawSvg(chart) : '';
  // North at 10, east at 5, west at 2.5 of 28 and 25 units on 560 by 500 pixels: 20 to a unit, the middle at (280, 250).
  t.match(svg, /M280,50L380,250L230,250L280,50/);
});
