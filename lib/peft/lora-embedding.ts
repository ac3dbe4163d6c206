import { torch, type Tensor } from '../torch';
import { init, Parameter, type Embedding } from '../nn';
import { AdapterPieces, LoraLayer, type AdapterPrecision, type LoraShape, type LoraWeight } from './lora-layer';

/**
 * An Embedding with low-rank additions: row i of the table plus scaling * B A[:, i]. A is [r, rows], zeros; B is
 * [features, r], N(0, 1). There is no dropout: ids have none. Names are PEFT's: `base_layer`, `lora_embedding_A`,
 * `lora_embedding_B`.
 */
export class LoraEmbedding extends LoraLayer<Embedding> {
  readonly lora_embedding_A = new AdapterPieces<Parameter>();
  readonly lora_embedding_B = new AdapterPieces<Parameter>();

  /** The table's own weight, for those who ask for its dtype and device. */
  get weight(): Parameter {
    return this.baseLayer.weight;
  }

  override add(name: string, { r, scaling }: LoraShape, precision: AdapterPrecision): void {
    const { numEmbeddings, embeddingDim } = this.baseLayer;
    const [a, b] = torch.scope(() =>
      // PEFT draws both before it sets them: so one seed gives the same adapter in both.
      [torch.randn([r, numEmbeddings]), torch.randn([embeddingDim, r])].map((drawn) => new Parameter(drawn)),
    );
    init.zeros_(a);
    init.normal_(b);
    this.settle([a, b], precision);
    this.lora_embedding_A.set(name, a);
    this.lora_embedding_B.set(name, b);
    this.scaling.set(name, scaling);
  }

  override delete(name: string): void {
    for (const pieces of [this.lora_embedding_A, this.lora_embedding_B]) {
      pieces.get(name)?.dispose();
      pieces.delete(name);
    }
    this.scaling.delete(name);
  }

  override weightsOf(name: string): LoraWeight[] {
    return (['lora_embedding_A', 'lora_embedding_B'] as const).flatMap((piece) => {
      const weight = this[piece].get(name);
      return weight ? [{ stored: piece, named: `${piece}.${name}`, weight }] : [];
    });
  }

  protected override added(name: string): Tensor | undefined {
    const [a, b] = [this.lora_embedding_A.get(name), this.lora_embedding_B.get(name)];
    return a && b && this.lowRank(name, b, a).transpose(0, 1);
  }

  /** @param ids int64 or int32 [...] to [..., features], in the table's dtype */
  forward(ids: Tensor): Tensor {
    const output = this.baseLayer.call(ids);
    const name = this.active;
    if (name === null || this.merged) return output;
    const [a, b] = [this.lora_embedding_A.get(name), this.lora_embedding_B.get(name)];
    if (!a || !b) return output;
    const low = torch.embedding(a.transpose(0, 1), ids);
    const sum = output.add(low.matmul(b.transpose(0, 1)).mul(this.scaling.get(name) ?? 0));
    return sum.dtype === output.dtype ? sum : sum.to(output.dtype);
  }
}
