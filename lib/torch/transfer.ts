import { native } from './load-native';
import { Tensor } from './tensor';

/** Names a tensor on its way to another worker; send it with `postMessage`. It is collected once. */
export interface Ticket {
  readonly sooTensor: bigint;
}

export interface ShareOptions {
  /**
   * Lets the ticket wait on when its worker has ended, for a result that is sent as the last thing. Such a ticket that
   * nobody collects or withdraws holds its memory as long as the process lives. Default false.
   */
  outlivesSender?: boolean;
}

/**
 * Makes a ticket for `tensor`; the receiver's tensor lies in the same memory. Graphs do not travel. A ticket that nobody
 * collects is gone with the worker that made it.
 */
export function share(tensor: Tensor, { outlivesSender = false }: ShareOptions = {}): Ticket {
  return { sooTensor: native.share(tensor.handle, outlivesSender) };
}

/** The tensor of a ticket, usually in another worker. @throws when it was collected or withdrawn, or its sender ended */
export function receive(ticket: Ticket): Tensor {
  return new Tensor(native.receive(numberOf('receive', ticket)));
}

/** Takes a ticket back, in any worker: its tensor is no longer held for a receiver. Returns whether it still was. */
export function withdraw(ticket: Ticket): boolean {
  return native.withdraw(numberOf('withdraw', ticket));
}

function numberOf(caller: string, ticket: Ticket): bigint {
  if (typeof ticket?.sooTensor !== 'bigint') {
    throw new TypeError(`${caller}: expected a ticket made by torch.share()`);
  }
  return ticket.sooTensor;
}
