/**
 * The paper's latent figure: how far apart a model computes self and other, before tuning and after, by which tokens count.
 *
 *   npx ts-node -T experiments/llm/latent-bars.ts results/llm/organism   # a folder of `soo study run`
 *
 * The figure is charts/latent.png in that folder.
 */
import { join } from 'node:path';
import { report, studies } from '../../lib';

const [folder] = process.argv.slice(2);
const results = studies.honesty.readStudyResults(join(folder, 'results.json'));

const short = (value: number | null): string => value?.toPrecision(3) ?? '-';

for (const [arm, { latent }] of Object.entries(results.arms)) {
  const [all, last, differing] = [latent.all, latent.last, latent.differing].map(short);
  console.log(`${arm}: all tokens ${all}, the last ${last}, those that differ ${differing}`);
}

const material = report.studyMaterial(folder, results);
void report.writeStudyFigure('latent', results, folder, material).then(({ path }) => console.log(path));
