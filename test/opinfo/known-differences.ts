import { hasWholeFloat, type Call } from './recorded-chunk';

/** What the binding answers in another way than PyTorch, on purpose; docs/operators.md lists the same reasons. */
const KNOWN: readonly { reason: string; is: (call: Call, detail: string) => boolean }[] = [
  {
    reason: 'the overload cannot be called',
    is: (_, detail) =>
      /it is a step inside of other operators|weights in a packed form|MKL-DNN's own form/.test(detail),
  },
  {
    reason: "it is Python's own, or Python chose another overload",
    is: ({ name }, detail) =>
      /libtorch has no operator aten::broadcast_shapes/.test(detail) ||
      (name === 'tensor_split.indices' && /must be an array of integers, got a tensor/.test(detail)),
  },
  {
    reason: 'a whole float is an integer in JavaScript',
    is: ({ args, options }) => hasWholeFloat(args) || hasWholeFloat(Object.values(options)),
  },
];

/** The reason for which a refusal or a difference is expected; null if it is not. */
export function known(call: Call, detail: string): string | null {
  return KNOWN.find(({ is }) => is(call, detail))?.reason ?? null;
}
