/** From a Vega-Lite specification to an SVG drawing and a PNG picture, without a browser and without the network. */
import { join } from 'node:path';
import type { RenderedImage } from '@resvg/resvg-js';
import type { TopLevelSpec } from 'vega-lite';
import { drawingPackage } from '../drawing-packages';
import type { DrawnChart } from '../page/frame';
import { colour, inLightColours, PALETTE } from './palette';

/** A chart in words and as data. Its type is for this room alone: declarations that users read name no chart package. */
export interface Chart extends Omit<DrawnChart, 'svg'> {
  spec: TopLevelSpec;
}

const text = { labelColor: colour('ink'), titleColor: colour('faint'), labelFontSize: 12, titleFontSize: 12 };

const CONFIG = {
  font: 'sans-serif',
  background: 'transparent',
  view: { stroke: null },
  axis: {
    ...text,
    gridColor: colour('line'),
    domainColor: colour('line'),
    tickColor: colour('line'),
    titleFontWeight: 'normal',
    labelFlush: false,
  },
  legend: { ...text, titleFontWeight: 'normal', symbolSize: 90, symbolOpacity: 1, labelLimit: 300, titleLimit: 300 },
  header: { ...text, titleFontWeight: 'normal', labelFontWeight: 'bold', labelFontSize: 13 },
} as const;

/**
 * Draws a chart with Vega. Its colours are CSS variables of the palette; nothing in it refers to anything outside.
 * @throws MissingPackages; what Vega reports: a specification that it does not understand
 */
export async function drawSvg({ name, title, description, spec }: Chart): Promise<string> {
  // Vega is made of ES modules and takes a second to load: only those who draw wait for it.
  const [vega, vegaLite] = await drawingPackage(() => Promise.all([import('vega'), import('vega-lite')]));
  const compiled = vegaLite.compile({ ...spec, config: CONFIG });
  const complaints: unknown[] = [];
  const logger = vega.logger(vega.Warn, undefined, (_method, _level, what) => complaints.push(...what));
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', loader: NO_LOADER, logger });
  try {
    const svg = await view.toSVG();
    if (complaints.length > 0) throw new Error(`chart ${name}: ${complaints.map(String).join(' ')}`);
    return withAlternative(svg, `chart-${name}`, title, description);
  } finally {
    view.finalize();
  }
}

/** Data come with the specification; whatever else it names is not fetched. */
const NO_LOADER = Object.fromEntries(
  ['load', 'sanitize', 'http', 'file'].map((method) => [
    method,
    (uri: string) => Promise.reject(new Error(`a chart may not load ${uri}`)),
  ]),
) as never;

/** Names the drawing for screen readers and page search. */
function withAlternative(svg: string, id: string, title: string, description: string): string {
  const [open, close] = [svg.indexOf('<svg'), svg.indexOf('>')];
  const named = `role="img" aria-labelledby="${id}-title ${id}-description"`;
  const words = `<title id="${id}-title">${escaped(title)}</title><desc id="${id}-description">${escaped(description)}</desc>`;
  return `${svg.slice(0, open + 4)} ${named}${svg.slice(open + 4, close + 1)}${words}${svg.slice(close + 1)}`;
}

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const FONTS = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) => join(__dirname, 'fonts', file));

/** @param svg from `drawSvg` @returns a PNG in light colours, two pixels to each of the drawing's */
export function renderPng(svg: string): Uint8Array {
  return rasterise(svg, 2).asPng();
}

/** Draws an SVG in light colours, `zoom` pixels to each of its own: RGBA `pixels` of `width` by `height`, or `asPng`. */
export function rasterise(svg: string, zoom: number): RenderedImage {
  const { Resvg } = drawingPackage(() => require('@resvg/resvg-js') as typeof import('@resvg/resvg-js'));
  const drawing = new Resvg(inLightColours(svg), {
    background: PALETTE.page[0],
    fitTo: { mode: 'zoom', value: zoom },
    // A machine without fonts draws the same letters.
    font: {
      fontFiles: FONTS,
      loadSystemFonts: false,
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  });
  return drawing.render();
}
