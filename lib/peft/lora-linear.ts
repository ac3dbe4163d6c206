import type { Tensor } from '../torch';
import { init, Linear, type Dropout, type Linear4bit } from '../nn';
import { LoraDropout } from './lora-dropout';
import { AdapterPieces, LoraLayer, type AdapterPrecision, type LoraShape, type LoraWeight } from './lora-layer';

/**
 * A Linear, of four bits or more, with low-rank additions: y = W x + scaling * B(A(dropout(x))).
 * A is [r, in], kaiming-uniform with a = sqrt(5); B is [out, r], zeros. Names are PEFT's: `base_layer`, `lora_dropout`,
 * `lora_A`, `lora_B`.
 */
export class LoraLinear extends LoraLayer<Linear | Linear4bit> {
  readonly lora_dropout = new AdapterPieces<Dropout>();
  readonly lora_A = new AdapterPieces<Linear>();
  readonly lora_B = new AdapterPieces<Linear>();

  override add(name: string, { r, scaling, dropout }: LoraShape, precision: AdapterPrecision): void {
    const { inFeatures, outFeatures } = this.baseLayer;
    const a = new Linear(inFeatures, r, { bias: false });
    const b = new Linear(r, outFeatures, { bias: false });
    // Drawn once as a Linear and once more as LoRA's: so does PEFT, and so one seed gives the same adapter in both.
    init.kaimingUniform_(a.weight, { a: Math.sqrt(5) });
    init.zeros_(b.weight);
    this.lora_dropout.set(name, new LoraDropout(dropout));
    this.settle([a.weight, b.weight], precision);
    this.lora_A.set(name, a);
    this.lora_B.set(name, b);
    this.scaling.set(name, scaling);
    this.train(this.training);
  }

  override delete(name: string): void {
    for (const pieces of [this.lora_A, this.lora_B]) {
      pieces.get(name)?.weight.dispose();
      pieces.delete(name);
    }
    this.lora_dropout.delete(name);
    this.scaling.delete(name);
  }

  override weightsOf(name: string): LoraWeight[] {
    return (['lora_A', 'lora_B'] as const).flatMap((piece) => {
      const weight = this[piece].get(name)?.weight;
      return weight ? [{ stored: `${piece}.weight`, named: `${piece}.${name}.weight`, weight }] : [];
    });
  }

  protected override added(name: string): Tensor | undefined {
    const [a, b] = [this.lora_A.get(name)?.weight, this.lora_B.get(name)?.weight];
    return a && b && this.lowRank(name, b, a);
  }

  protected override weightChanged(): void {
    if (this.baseLayer instanceof Linear) this.baseLayer.unpack();
  }

  /** @param input [..., in] to [..., out], in the base layer's dtype */
  forward(input: Tensor): Tensor {
    const output = this.baseLayer.call(input);
    const name = this.active;
    if (name === null || this.merged) return output;
    const a = this.lora_A.get(name);
    const b = this.lora_B.get(name);
    const dropout = this.lora_dropout.get(name);
    if (!a || !b || !dropout) return output;
    const { dtype } = a.weight;
    const low = a.call(dropout.call(input.dtype === dtype ? input : input.to(dtype)));
    const sum = output.add(b.call(low).mul(this.scaling.get(name) ?? 0));
    return sum.dtype === output.dtype ? sum : sum.to(output.dtype);
  }
}
