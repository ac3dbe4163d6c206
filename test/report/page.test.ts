import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import t from 'tap';
import { writeDemoReport } from '../../lib/report';
import { readDemoResults, writeDemoResults, type DemoResults } from '../../lib/studies/demo';
import { ANSWERS } from '../../lib/studies';
import { drawSvg, renderPng } from '../../lib/report/charts/draw';
import { html, trusted } from '../../lib/report/page/markup';
import { hostileRun, wholeRun } from './made-up';

async function pageOf(results: DemoResults, folder: string): Promise<string> {
  return readFileSync((await writeDemoReport(results, folder)).report, 'utf8');
}

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

t.test('what is filled in is escaped; markup and drawings are taken as they are', async (t) => {
  t.equal(
    html`<p title="${'"\'<&>'}">${['a<', html`<b>${1}</b>`, null]}</p>`.text,
    '<p title="&quot;&#39;&lt;&amp;&gt;">a&lt;<b>1</b></p>',
  );
  t.equal(html`${trusted('<svg/>')}${undefined}${'\u0000\u0085a\tb\n'}`.text, '<svg/>\ufffd\ufffda\tb\n');
});

t.test('the same results give the same files, from the results file alone', async (t) => {
  const folder = t.testdir({ a: {}, b: {} });
  const results = wholeRun();
  writeDemoResults(join(folder, 'results.json'), results);
  const first = await writeDemoReport(results, join(folder, 'a'));
  const second = await writeDemoReport(readDemoResults(join(folder, 'results.json')), join(folder, 'b'));
  t.same(readFileSync(first.report), readFileSync(second.report));
  t.same(
    readdirSync(join(folder, 'a', 'charts')).sort(),
    ['kept', 'latent', 'loss', 'rivals-fragments', 'rivals-scenes'].map((name) => `${name}.png`),
  );
  first.charts.forEach((path, i) => t.same(readFileSync(path), readFileSync(second.charts[i]), path));
});

t.test('the page says what the results say', async (t) => {
  const results = wholeRun();
  const page = await pageOf(results, t.testdir());
  const text = page
    .replace(/<(style|svg)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
  for (const { text: said, claims } of Object.values(results.verdicts)) {
    t.ok(said.length > 0 && claims.length === 6);
    for (const claim of claims)
      t.ok(text.includes(`${claim.claim} ${ANSWERS[claim.verdict]} ${claim.text.replaceAll('->', '→')}`), claim.claim);
  }
  t.match(text, /Tuned on scenes: stands .* 100% → 15% deceptive answers to Bob/);
  t.match(text, /the attic deceptive scenes\/self\/1 honest fragments\/self\/1 deceptive/, 'answers with their labels');
  for (const { id } of results.runs) t.ok(text.includes(id), id);
  t.match(text, /0\.1\.0-made-up/, 'versions');
  t.match(text, /promptsPerFamily/, 'configuration');
});

t.test('it can be read without looking, and on paper', async (t) => {
  const page = await pageOf(wholeRun(), t.testdir());
  t.match(page, /^<!doctype html>\s*<html lang="en">/);
  t.equal(count(page, /<th[ >]/g), count(page, /<th scope="(col|row)"/g), 'every header cell has a scope');
  t.equal(count(page, /<table/g), count(page, /<caption/g));
  const drawings = [
    ...page.matchAll(
      /<svg role="img" aria-labelledby="(\S+) (\S+)"[^>]*><title id="([^"]+)">([^<]+)<\/title><desc id="([^"]+)">([^<]+)/g,
    ),
  ];
  t.equal(drawings.length, count(page, /<svg/g));
  t.equal(drawings.length, 5);
  for (const [, title, description, titleId, words, descriptionId, described] of drawings) {
    t.same([title, description], [titleId, descriptionId]);
    t.ok(words.length > 10 && described.length > 40, words);
  }
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  t.equal(new Set(ids).size, ids.length, 'no id comes twice');
  t.match(page, /@media print/);
  t.match(page, /prefers-color-scheme: dark/);
});

t.test('hostile text stays text, and nothing is asked from outside', async (t) => {
  const page = await pageOf(hostileRun(), t.testdir());
  t.equal(count(page, /<script/gi), 0);
  t.equal(count(page, /<img/gi), 0);
  t.equal(count(page, /<\/title>/gi), 6, "the page's title and one for each chart");
  t.ok(count(page, /&lt;script&gt;ran = 1/g) >= 20, 'it is shown');
  t.notMatch(page, /[\u0000\u001b]/);
  t.match(page, /Content-Security-Policy" content="default-src &#39;none&#39;;/);
  const markup = page.replace(/&lt;img[^<]*/g, '').replace(/ xmlns(:xlink)?="http:\/\/www\.w3\.org\/[^"]*"/g, '');
  t.notMatch(markup, /(src|href|url\()\s*=?\s*["']?(?!data:)[a-z]*:?\/\//i, 'no address but data:');
});

/** Width, height and the bytes of all pixels, filters and all. */
function decode(png: Uint8Array): { width: number; height: number; pixels: Buffer } {
  const bytes = Buffer.from(png);
  const data: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += bytes.readUInt32BE(at) + 12) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(bytes.subarray(at + 8, at + 8 + length));
  }
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), pixels: inflateSync(Buffer.concat(data)) };
}

const MARKS = {
  name: 'marks',
  title: 'a < b',
  description: 'c & d',
  spec: {
    data: {
      values: [
        { x: 1, name: 'one' },
        { x: 2, name: 'two' },
      ],
    },
    width: 100,
    mark: { type: 'point' as const, filled: true, color: 'var(--deceptive)' },
    encoding: { x: { field: 'x', type: 'quantitative' as const }, y: { field: 'name', type: 'nominal' as const } },
  },
};

t.test('charts: drawn as told, named, and in colours that a picture knows', async (t) => {
  const svg = await drawSvg(MARKS);
  t.match(svg, /<title id="chart-marks-title">a &lt; b<\/title><desc id="chart-marks-description">c &amp; d<\/desc>/);
  t.equal(count(svg, /fill="var\(--deceptive\)"/g), 2, 'a mark for each value');
  t.match(svg, />one<\/text>/);
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  const picture = decode(renderPng(svg));
  t.same([picture.width, picture.height], [2 * Number(width), 2 * Number(height)]);
  const without = (pattern: RegExp): Buffer => decode(renderPng(svg.replace(pattern, ''))).pixels;
  t.notSame(without(/<text.*?<\/text>/g), picture.pixels, 'letters are drawn, on a machine without fonts too');
  t.notSame(without(/fill="var\(--deceptive\)"/g), picture.pixels, 'the palette is known');
});

t.test('a chart may load nothing', async (t) => {
  const { spec } = MARKS;
  await t.rejects(
    drawSvg({ ...MARKS, spec: { ...spec, data: { url: 'http://127.0.0.1:9/data.json' } } }),
    /may not load/,
  );
});
