/** The report in a real browser: what is drawn, what is asked for, and what hostile answers can do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import t from 'tap';
import { readDrawable, writeDemoReport } from '../../lib/report';
import { type DemoResults } from '../../lib/studies/demo';
import { madeUpStudy } from '../studies/honesty/made-up-study';
import { HOSTILE, hostileRun, wholeRun } from './made-up';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** SOO_CHROMIUM, or what the path has. */
function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const places = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return process.env.SOO_CHROMIUM ?? places.find((place) => statSync(place, { throwIfNoEntry: false })?.isFile());
}

const chromium = findChromium();

/** What the page around the report finds in it. */
interface Found {
  drawings: { width: number; height: number; marks: number; words: number; fills: string[] }[];
  background: string;
  text: string;
  scripts: number;
  images: number;
  ran: boolean;
  resources: string[];
  wide: boolean;
}

/** Looks into the report from a page around it: the report itself may run nothing. */
const LOOK = `
  onload = () => {
    const frame = document.querySelector('iframe');
    const { contentDocument: report, contentWindow: view } = frame;
    const seen = (element) => { const { width, height } = element.getBoundingClientRect(); return width + height > 0; };
    const drawings = [...report.querySelectorAll('svg')].map((svg) => {
      const { width, height } = svg.getBoundingClientRect();
      const marks = [...svg.querySelectorAll('.role-mark path, .role-mark line')].filter(seen);
      const words = [...svg.querySelectorAll('text')].filter((text) => seen(text) && text.textContent).length;
      const styles = marks.map((mark) => view.getComputedStyle(mark)).flatMap(({ fill, stroke }) => [fill, stroke]);
      return { width, height, marks: marks.length, words, fills: [...new Set(styles)].filter((fill) => fill !== 'none') };
    });
    const found = {
      drawings,
      background: view.getComputedStyle(report.body).backgroundColor,
      text: report.body.textContent,
      scripts: report.scripts.length,
      images: report.images.length,
      ran: 'ran' in view || 'ran' in window,
      resources: view.performance.getEntriesByType('resource').map(({ name }) => name),
      wide: report.documentElement.scrollWidth > view.innerWidth,
    };
    document.querySelector('pre').textContent = encodeURIComponent(JSON.stringify(found));
  };`;

const around = (width: number): string =>
  `<!doctype html><link rel="icon" href="data:,"><iframe src="/report.html" width="${width}" height="900"></iframe><pre></pre><script>${LOOK}</script>`;

/** Serves the report, the page around it, and nothing else; is also the proxy for everything that is asked elsewhere. */
async function serve(report: Buffer, width: number): Promise<{ server: Server; asked: string[]; port: number }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body = request.url === '/report.html' ? report : request.url === '/' ? around(width) : null;
    response.writeHead(body ? 200 : 404, { 'content-type': 'text/html' }).end(body ?? '');
  });
  server.on('connect', ({ url }, socket) => {
    asked.push(url ?? '');
    socket.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, asked, port: (server.address() as AddressInfo).port };
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-sync',
  '--disable-features=OptimizationHints,MediaRouter,Translate',
];

interface Opened {
  found: Found;
  /** Every address that was asked for. */
  asked: string[];
}

async function open(report: Buffer, { dark = false, width = 1100 } = {}): Promise<Opened> {
  const { server, asked, port } = await serve(report, width);
  const profile = mkdtempSync(join(tmpdir(), 'soo-chromium-'));
  const flags = [
    ...FLAGS,
    `--user-data-dir=${profile}`,
    `--proxy-server=http://127.0.0.1:${port}`,
    `--blink-settings=preferredColorScheme=${dark ? 0 : 1}`,
    '--dump-dom',
    `http://127.0.0.1:${port}/`,
  ];
  const browser = spawn(chromium as string, flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  let dom = '';
  browser.stdout.on('data', (text: Buffer) => (dom += text.toString()));
  await once(browser, 'close');
  server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  const [, encoded] = /<pre>(.+?)<\/pre>/.exec(dom) ?? [];
  if (!encoded) throw new Error(`the browser found nothing: ${dom.slice(0, 200)}`);
  return { found: JSON.parse(decodeURIComponent(encoded)) as Found, asked };
}

async function reportOf(results: DemoResults): Promise<Buffer> {
  return readFileSync((await writeDemoReport(results, t.testdir())).report);
}

const OURS = ['/', '/report.html'];
/** What Chromium asks for itself, whatever page is open. */
const OWN = /^(http:\/\/)?(www|accounts|clients2)\.google\.com[:/]/;
const foreign = (asked: readonly string[]): string[] => asked.filter((url) => !OURS.includes(url) && !OWN.test(url));

const options = chromium ? {} : { skip: 'no Chromium: neither SOO_CHROMIUM nor the path names one' };

t.test('every chart is drawn, in light and in dark, and nothing is asked for', options, async (t) => {
  const report = await reportOf(wholeRun());
  const light = await open(report);
  t.equal(light.found.drawings.length, 5);
  for (const { width, height, marks, words, fills } of light.found.drawings) {
    t.ok(width > 500 && height > 100, `${width} x ${height}`);
    t.ok(marks >= 10, `${marks} marks`);
    t.ok(words >= 8, `${words} words`);
    t.ok(fills.length > 0 && fills.every((fill) => /^rgb/.test(fill)), fills.join(' '));
  }
  // Six rows, two groups of rivals, three labels: an interval and a dot each; and a dot for each of two seeds.
  for (const { marks } of light.found.drawings.slice(0, 2)) t.equal(marks, 6 * 2 * 3 * 2 + 5 * 2 * 3 * 2);
  t.match(light.found.text, /deceptive answers to Bob/);
  t.notOk(light.found.wide, 'it fits its window');
  t.same(light.found.resources, []);
  t.same(foreign(light.asked), []);
  t.ok(light.asked.includes('/report.html'));

  const dark = await open(report, { dark: true });
  t.equal(light.found.background, 'rgb(255, 255, 255)');
  t.equal(dark.found.background, 'rgb(20, 23, 28)');
  dark.found.drawings.forEach(({ fills }, i) =>
    t.notSame(fills, light.found.drawings[i].fills, 'colours for a dark page'),
  );
});

t.test('on a narrow screen only charts and tables scroll', options, async (t) => {
  t.notOk((await open(await reportOf(wholeRun()), { width: 380 })).found.wide);
});

t.test('hostile answers are text', options, async (t) => {
  const { found, asked } = await open(await reportOf(hostileRun()));
  t.ok(found.text.includes(HOSTILE.replace(/[\u0000\u001b]/g, '\ufffd')), 'shown as it came');
  t.same([found.scripts, found.images, found.ran], [0, 0, false]);
  t.same(foreign(asked), []);
});

/** The report of a made-up study, in which one answer is hostile. */
async function studyReport(): Promise<Buffer> {
  const folder = t.testdir();
  madeUpStudy(folder);
  const records = join(folder, 'records', 'baseline.jsonl');
  const [header, first, ...rest] = readFileSync(records, 'utf8').trimEnd().split('\n');
  const hostile = { ...(JSON.parse(first) as object), answer: HOSTILE };
  writeFileSync(records, [header, JSON.stringify(hostile), ...rest].map((line) => `${line}\n`).join(''));
  return readFileSync((await readDrawable(join(folder, 'results.json'))(folder)).report);
}

t.test('the report of a study', options, async (t) => {
  const report = await studyReport();
  const { found, asked } = await open(report);
  t.equal(found.drawings.length, 7);
  for (const { width, height, marks, words } of found.drawings) {
    t.ok(width > 400 && width < 1100 && height > 100, `${width} x ${height}`);
    t.ok(marks >= 8 && words >= 8, `${marks} marks, ${words} words`);
  }
  t.ok(found.text.includes(HOSTILE.replace(/[\u0000\u001b]/g, '\ufffd')), 'shown as it came');
  t.same([found.scripts, found.images, found.ran], [0, 0, false]);
  t.same(foreign(asked), []);
  t.notOk(found.wide, 'it fits its window');
  t.notOk((await open(report, { width: 380 })).found.wide, 'and a narrow one');
});

t.test('this test would see what it looks for', options, async (t) => {
  const leaky = `<!doctype html><p>a<script>window.ran = 1</script><img src="http://outside.test/x.png">`;
  const { found, asked } = await open(Buffer.from(leaky));
  t.same([found.scripts, found.images, found.ran], [1, 1, true]);
  t.same(foreign(asked), ['http://outside.test/x.png']);
});
