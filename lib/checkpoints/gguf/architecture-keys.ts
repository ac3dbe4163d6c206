import { InputError, quoted } from '../../files/input-error';
import type { Metadata } from './metadata';

/** Keys of one architecture: `llama.block_count` and so on. */
export class ArchitectureKeys {
  constructor(
    readonly metadata: Metadata,
    private readonly architecture: string,
  ) {}

  number(key: string): number | undefined {
    return this.metadata.number(`${this.architecture}.${key}`);
  }

  text(key: string): string | undefined {
    return this.metadata.text(`${this.architecture}.${key}`);
  }

  /** A number that some files give layer by layer. */
  uniform(key: string): number | undefined {
    const name = `${this.architecture}.${key}`;
    if (!ArrayBuffer.isView(this.metadata.values.get(name))) return this.metadata.number(name);
    const all = new Set(this.metadata.numbers(name));
    if (all.size > 1)
      throw new InputError(
        `${this.metadata.file}: ${quoted(name)} differs from layer to layer, which is not supported`,
      );
    return [...all][0];
  }

  required(key: string): number {
    return this.metadata.required(`${this.architecture}.${key}`, this.uniform(key));
  }
}
