/** Upstream's KL loss from hidden states, without ever holding the logits of more than a few rows. */
import { Linear, type AnyModule } from '../nn';
import { torch, type Tensor } from '../torch';

/** Rows whose logits are held at a time: at a vocabulary of 32,000 that is 16 MB per tensor. */
const CHUNK_ROWS = 64;

/** The head's weight [vocab, hidden]; undefined when it is more than a frozen matrix: trained, wrapped, hooked, biased. */
export function frozenHead(module: AnyModule): Tensor | undefined {
  if (!(module instanceof Linear) || module.bias || module.hasHooks || module.weight.requiresGrad) return undefined;
  return module.weight;
}

interface Terms {
  /** Sum over rows, float64. */
  sum: Tensor;
  /** Gradients with respect to the two sides' logits, [rows, vocab]. */
  selfGrad: Tensor;
  otherGrad: Tensor;
}

/**
 * KL(other || self) of some rows of hidden states. In place where it can be, and nothing is held for longer than it is
 * needed: these are the largest tensors.
 */
function termsOf(selfRows: Tensor, otherRows: Tensor, head: Tensor): Terms {
  const [self, other] = [selfRows, otherRows].map((rows) => torch.scope(() => torch.linear(rows, head).logSoftmax(-1)));
  const p = other.exp();
  const difference = other.sub_(self);
  const rows = torch.linalgVecdot(p, difference).unsqueeze(-1);
  const selfGrad = self.exp_().sub_(p);
  return { sum: rows.sum({ dtype: 'float64' }), selfGrad, otherGrad: difference.sub_(rows).mul_(p) };
}

/**
 * The sum of KL(softmax(other) || softmax(self)) over rows, with its gradient to both sides' hidden states. The
 * gradient is made in the forward pass, while a chunk's logits are at hand.
 * @param self hidden states [rows, hidden]; `other` likewise
 * @param head weight [vocab, hidden] of a frozen output head
 * @returns a scalar
 */
export function sumKl(self: Tensor, other: Tensor, head: Tensor): Tensor {
  const kl = torch.customFunction({
    name: 'sumKl',
    forward(context, self: Tensor, other: Tensor) {
      const [selfGrad, otherGrad] = [self, other].map((side) => (side.requiresGrad ? torch.emptyLike(side) : null));
      const total = torch.zeros([], { dtype: 'float64', device: self.device });
      for (let at = 0; at < self.size(0); at += CHUNK_ROWS) {
        const cut = (x: Tensor): Tensor => x.narrow(0, at, Math.min(CHUNK_ROWS, x.size(0) - at));
        torch.scope(() => {
          const terms = termsOf(cut(self), cut(other), head);
          total.add_(terms.sum);
          if (selfGrad) cut(selfGrad).copy_(terms.selfGrad.matmul(head));
          if (otherGrad) cut(otherGrad).copy_(terms.otherGrad.matmul(head));
        });
      }
      context.sides = [selfGrad !== null, otherGrad !== null];
      context.saveForBackward(...[selfGrad, otherGrad].filter((grad) => grad !== null));
      return total.to(self.dtype);
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
