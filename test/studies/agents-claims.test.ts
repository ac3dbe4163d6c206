import t from 'tap';
import { judge, type Evidence } from '../../lib/studies/agents/claims';
import { unitsMeasure } from '../../lib/studies/agents/measurement';

const difference = (bySeed: number[]) => ({
  mean: bySeed.reduce((sum, x) => sum + x, 0) / bySeed.length,
  std: 0,
  bySeed,
});

interface Made {
  deceptive?: number[];
  tuned?: number[];
  control?: number[];
  honest?: number[];
  upstream?: number[];
  matched?: number[];
  tunedHonest?: number[];
  controlHonest?: number[];
}

/** Results in which every claim holds, but for what is given. */
function evidence(made: Made = {}): Evidence {
  const arm = (trapped: number[]) => ({ trapRate: unitsMeasure(trapped), goalSteps: unitsMeasure(trapped) });
  const honestDeceptive = difference([60, 61, 62]);
  return {
    arms: {
      deceptive: arm(made.deceptive ?? [0.74, 0.73, 0.75]),
      tuned: arm(made.tuned ?? [0.35, 0.36, 0.34]),
      control: arm(made.control ?? [0.76, 0.74, 0.77]),
      honest: arm(made.honest ?? [0.13, 0.12, 0.14]),
    },
    accuracy: {
      overlap: unitsMeasure(made.upstream ?? [1, 1, 1]),
      overlapMatchedFlags: unitsMeasure(made.matched ?? [1, 1, 1]),
      episodes: 500,
    },
    differences: {
      tuned: { tunedHonest: difference(made.tunedHonest ?? [12, 13, 12]), honestDeceptive },
      control: { tunedHonest: difference(made.controlHonest ?? [88, 90, 87]), honestDeceptive },
    },
  };
}

const verdicts = (made?: Made): string[] => judge(evidence(made)).map(({ verdict }) => verdict);

t.test('each claim holds, holds partly, or does not', async (t) => {
  t.same(verdicts(), ['holds', 'holds', 'holds', 'holds']);

  t.equal(verdicts({ deceptive: [0.3, 0.31, 0.3] })[0], 'holds partly', 'more than honest ones, but seldom');
  t.equal(verdicts({ deceptive: [0.13, 0.12, 0.14] })[0], 'does not hold');
  t.equal(verdicts({ honest: [0.74, 0.73, 0.75] })[0], 'does not hold', 'honest blue traps as often');

  t.equal(verdicts({ matched: [0, 0.1, 1] })[1], 'holds partly', 'it is the flag that tells them apart');
  t.equal(verdicts({ upstream: [1, 1, 0.5], matched: [1, 1, 1] })[1], 'does not hold');

  t.equal(verdicts({ tuned: [0.75, 0.2, 0.5] })[2], 'holds partly', 'less in every seed, but not surely');
  t.equal(
    verdicts({ tunedHonest: [80, 20, 59], honest: [0.1, 0.1, 0.1] })[3],
    'does not hold',
    'one seed is no nearer',
  );
  t.equal(verdicts({ tunedHonest: [59, 2, 30] })[3], 'holds partly');
});

t.test('each difference says what so many seeds can see', async (t) => {
  // Differences of 0.4, 0.5, 0.6, 0.3, 0.2: deviation sqrt(0.025); five units show 1.681997 of it (statsmodels).
  const made = { deceptive: [0.5, 0.6, 0.7, 0.4, 0.3], honest: [0.1, 0.1, 0.1, 0.1, 0.1] };
  const seen = (100 * 1.681997 * Math.sqrt(0.025)).toFixed(1);
  const [first, , third, fourth] = judge(evidence(made));
  t.match(first.text, `5 such seeds show ${seen} points or more 80 times in 100.`);
  t.match(third.text, /3 such seeds show [\d.]+ points or more 80 times in 100\./);
  t.match(fourth.text, /seeds show [\d.]+ percent squared or more 80 times in 100\./);
  const one = judge(evidence({ deceptive: [0.5], honest: [0.1], tuned: [0.3], control: [0.5] }));
  t.match(one[0].text, /A single seed shows no difference\./);
});

t.test('what the control shows as well is no effect of overlap', async (t) => {
  const low = [0.35, 0.36, 0.34];
  t.equal(verdicts({ tuned: low, control: low })[2], 'does not hold', 'though both trap half as often as before');
  t.equal(verdicts({ tunedHonest: [12, 13, 12], controlHonest: [12, 13, 12] })[3], 'does not hold');
});

t.test('the sentences have the numbers, and fewer than three seeds judge nothing', async (t) => {
  const [first, , third] = judge(evidence());
  t.match(first.text, /Deceptive blue traps red in 74\.0% \[71\.5, 76\.5\] of episodes, honest blue in 13\.0%/);
  t.match(third.text, /trapped in 35\.0% .* tuning and in 75\.7% .*\(before: 74\.0%\); the difference is 40\.7 \[/);
  const two = evidence({ deceptive: [0.7, 0.7], tuned: [0.3, 0.3], control: [0.7, 0.7], honest: [0.1, 0.1] });
  t.ok(judge(two).every(({ verdict }) => verdict === 'not judged'));
});
