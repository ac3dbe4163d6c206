import { native } from './load-native';
import { Tensor } from './tensor';

/** Names a tensor on its way to another worker; send it with `postMessage`. It is collected once. */
export interface Ticket {
  readonly sooTensor: bigint;
}

/** Makes a ticket for `tensor`; the receiver's tensor lies in the same memory. Graphs do not travel. */
export function share(tensor: Tensor): Ticket {
  return { sooTensor: native.share(tensor.handle) };
}

/** The tensor of a ticket, usually in another worker. */
export function receive(ticket: Ticket): Tensor {
  if (typeof ticket?.sooTensor !== 'bigint') throw new TypeError('receive: expected a ticket made by torch.share()');
  return new Tensor(native.receive(ticket.sooTensor));
}
