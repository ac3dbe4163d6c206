/** The part of TensorBoard's `event.proto` and `summary.proto` that is written here. */
import type { Type } from 'protobufjs/light';

const SCHEMA = {
  nested: {
    Event: {
      oneofs: { what: { oneof: ['fileVersion', 'summary', 'sessionLog'] } },
      fields: {
        wallTime: { type: 'double', id: 1 },
        step: { type: 'int64', id: 2 },
        fileVersion: { type: 'string', id: 3 },
        summary: { type: 'Summary', id: 5 },
        sessionLog: { type: 'SessionLog', id: 7 },
      },
    },
    SessionLog: { fields: { status: { type: 'int32', id: 1 } } },
    Summary: { fields: { value: { rule: 'repeated', type: 'Value', id: 1 } } },
    Value: {
      oneofs: { value: { oneof: ['simpleValue', 'tensor'] } },
      fields: {
        tag: { type: 'string', id: 1 },
        simpleValue: { type: 'float', id: 2 },
        tensor: { type: 'Tensor', id: 8 },
        metadata: { type: 'Metadata', id: 9 },
      },
    },
    Metadata: { fields: { pluginData: { type: 'PluginData', id: 1 } } },
    PluginData: { fields: { pluginName: { type: 'string', id: 1 } } },
    Tensor: {
      fields: {
        dtype: { type: 'int32', id: 1 },
        shape: { type: 'Shape', id: 2 },
        stringVal: { rule: 'repeated', type: 'bytes', id: 8 },
      },
    },
    Shape: { fields: {} },
  },
};

let eventType: Type | undefined;

/** protobufjs takes 0.2 s to load, which only those who log should wait for. */
function typeOfEvent(): Type {
  const { Root } = require('protobufjs/light') as typeof import('protobufjs/light');
  return Root.fromJSON(SCHEMA).lookupType('Event');
}

const SESSION_START = 1;
const DT_STRING = 7;

interface Value {
  tag: string;
  simpleValue?: number;
  tensor?: object;
  metadata?: object;
}

/** What one record of an event file says, beside its time. */
export type Event = { step?: number } & (
  { fileVersion: string } | { summary: { value: Value[] } } | { sessionLog: { status: number } }
);

export const scalarsEvent = (step: number, values: readonly (readonly [tag: string, value: number])[]): Event => ({
  step,
  summary: { value: values.map(([tag, simpleValue]) => ({ tag, simpleValue })) },
});

/** @param markdown shown as such by TensorBoard's text tab */
export const textEvent = (step: number, tag: string, markdown: string): Event => ({
  step,
  summary: {
    value: [
      {
        tag,
        tensor: { dtype: DT_STRING, shape: {}, stringVal: [Buffer.from(markdown, 'utf8')] },
        metadata: { pluginData: { pluginName: 'text' } },
      },
    ],
  },
});

/** Has TensorBoard drop what earlier files of the folder hold from this step on: a resumed run takes those steps again. */
export const resumedEvent = (step: number): Event => ({ step, sessionLog: { status: SESSION_START } });

/** @param seconds since 1970 */
export function encodeEvent(event: Event, seconds: number): Uint8Array {
  const { step, ...what } = event;
  eventType ??= typeOfEvent();
  // proto3 leaves zeros out; protobufjs does so only for fields that are not there.
  return eventType.encode({ wallTime: seconds, ...(step ? { step } : {}), ...what }).finish();
}
