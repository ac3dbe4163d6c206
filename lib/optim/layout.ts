import { torch, type Tensor } from '../torch';

/** `tensor` where its numbers lie in memory in the order of `like`'s, of the same shape; otherwise a copy that does. */
export function laidOutAs(like: Tensor, tensor: Tensor): Tensor {
  return tensor.liesAs(like) ? tensor : torch.emptyLike(like).copy_(tensor);
}
