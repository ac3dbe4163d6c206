/** Errors on their way to another process or thread, where they come out as the same class. */
import { InputError, messageOf } from '../files/input-error';
import { HubError } from '../hub';
import { NonFiniteError } from './train';

/** Plain data: of an error, what copying it would lose. */
export interface CarriedError {
  /** Of the class; one that is not known here comes out as an Error. */
  name: string;
  /** One line. */
  message: string;
  stack?: string;
  /** Of errors of Node and libtorch, such as ERR_OUT_OF_MEMORY. */
  code?: string;
  /** Of a {@link NonFiniteError}. */
  nonFinite?: { step: number; what: string };
}

const CLASSES = { InputError, HubError, TypeError, RangeError };

const isKnown = (name: string): name is keyof typeof CLASSES => Object.hasOwn(CLASSES, name);

export function carryError(thrown: unknown): CarriedError {
  const message = messageOf(thrown);
  if (!(thrown instanceof Error)) return { name: 'Error', message };
  const { name, stack } = thrown;
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  return {
    name,
    message,
    stack,
    ...(typeof code === 'string' && { code }),
    ...(thrown instanceof NonFiniteError && { nonFinite: { step: thrown.step, what: thrown.what } }),
  };
}

/** The error as it was thrown there, with the stack that it had. */
export function arrivedError({ name, message, stack, code, nonFinite }: CarriedError): Error {
  const error = nonFinite
    ? new NonFiniteError(nonFinite.step, nonFinite.what)
    : new (isKnown(name) ? CLASSES[name] : Error)(message);
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
