/**
 * Random numbers that are a function of a seed and an episode number: sfc32 (Doty-Humphrey, 2014), whose four words of
 * state begin as those two numbers, so that no two episodes share a sequence.
 */
export class EpisodeRandom {
  private readonly words = new Int32Array(4);

  constructor(private readonly seed: number) {
    checkInteger('seed', seed);
  }

  /** Goes to the start of an episode's sequence. */
  begin(episode: number): void {
    checkInteger('episode', episode);
    this.words.set([this.seed, Math.floor(this.seed / 2 ** 32), episode, Math.floor(episode / 2 ** 32)]);
    for (let round = 0; round < 20; round++) this.bits();
  }

  /** The next 32 random bits as an unsigned integer. */
  bits(): number {
    const s = this.words;
    const sum = (s[0] + s[1] + s[3]) | 0;
    s[3]++;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform in [low, high), with 53 random bits. */
  uniform(low: number, high: number): number {
    const share = ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
    return low + (high - low) * share;
  }

  /** A uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform(0, n));
  }
}

function checkInteger(name: string, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} must be an integer, got ${value}`);
}
