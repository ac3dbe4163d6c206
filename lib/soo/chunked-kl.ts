/** Upstream's KL loss from hidden states, without ever holding the logits of more than a few rows. */
import { Linear, wideLinear, type AnyModule } from '../nn';
import { autocastDtype, frozenLinear, isHalf, torch, type Tensor } from '../torch';

/** Rows of each side whose logits are held at a time, at most: at a vocabulary of 32,000 that is 16 MB per tensor. */
const MOST_ROWS = 64;

/** The head's weight [vocab, hidden]; undefined when it is more than a frozen matrix: trained, wrapped, hooked, biased. */
export function frozenHead(module: AnyModule): Tensor | undefined {
  if (!(module instanceof Linear) || module.bias || module.hasHooks || module.weight.requiresGrad) return undefined;
  return module.weight;
}

interface Terms {
  /** Sum over rows, float64. */
  sum: Tensor;
  /** Gradients with respect to the logits of both sides, self first, [2 * rows, vocab], float32 or more. */
  grad: Tensor;
}

/**
 * KL(other || self) of some rows, from the hidden states of both sides, self first, [2 * rows, hidden]. In place where it
 * can be: these are the largest tensors. Logits of a head in half precision are float32, and so is all that is made of them.
 */
function termsOf(both: Tensor, head: Tensor): Terms {
  const logits = frozenLinear(both, head) ?? wideLinear(both, head);
  const [self, other] = logits.chunk(2, 0) as [Tensor, Tensor];
  for (const side of [self, other]) torch.scope(() => void side.copy_(side.logSoftmax(-1)));
  const p = other.exp();
  const rows = torch.linalgVecdot(p, other.sub_(self)).unsqueeze(-1);
  self.exp_().sub_(p);
  other.sub_(rows).mul_(p);
  return { sum: rows.sum({ dtype: 'float64' }), grad: logits };
}

/** As few spans of at most MOST_ROWS rows as there must be, of one length but for the last. */
function* spans(rows: number): Generator<[start: number, length: number]> {
  const length = Math.ceil(rows / Math.ceil(rows / MOST_ROWS));
  for (let start = 0; start < rows; start += length) yield [start, Math.min(length, rows - start)];
}

/**
 * The sum of KL(softmax(other) || softmax(self)) over rows, with its gradient to both sides' hidden states. The
 * gradient is made in the forward pass, while a chunk's logits are at hand.
 * @param self hidden states [rows, hidden]; `other` likewise
 * @param head weight [vocab, hidden] of a frozen output head
 * @returns a scalar, float32 where the sides are of half precision, or made so by autocast
 */
export function sumKl(self: Tensor, other: Tensor, head: Tensor): Tensor {
  const { device } = self;
  const half = autocastDtype(device);
  if (half) {
    // The head's product is of autocast's dtype, and what is made of its sums of float32.
    return torch.autocast({ device, dtype: null }, () => sumKl(self.to(half), other.to(half), head.to(half)));
  }
  const kl = torch.customFunction({
    name: 'sumKl',
    forward(context, self: Tensor, other: Tensor) {
      const [selfGrad, otherGrad] = [self, other].map((side) => (side.requiresGrad ? torch.emptyLike(side) : null));
      const total = torch.zeros([], { dtype: 'float64', device: self.device });
      for (const [start, length] of spans(self.size(0))) {
        const cut = (x: Tensor): Tensor => x.narrow(0, start, length);
        torch.scope(() => {
          const { sum, grad } = termsOf(torch.cat([cut(self), cut(other)]), head);
          total.add_(sum);
          const [toSelf, toOther] = grad.to(head.dtype).matmul(head).chunk(2, 0);
          if (selfGrad) cut(selfGrad).copy_(toSelf);
          if (otherGrad) cut(otherGrad).copy_(toOther);
        });
      }
      context.sides = [selfGrad !== null, otherGrad !== null];
      context.saveForBackward(...[selfGrad, otherGrad].filter((grad) => grad !== null));
      return total.to(isHalf(self.dtype) ? 'float32' : self.dtype);
    },
    backward(context, grad) {
      const saved = [...context.savedTensors];
      const [hasSelf, hasOther] = context.sides as [boolean, boolean];
      const next = (has: boolean): Tensor | null => (has ? (saved.shift() as Tensor).mul(grad) : null);
      return [next(hasSelf), next(hasOther)];
    },
  });
  return kl(self, other);
}
