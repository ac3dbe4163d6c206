/** Studies: arms and controls, what they showed, and the judgement of claims. */
export * as agents from './agents';
export * as honesty from './honesty';
export { headerSchema, type ResultsHeader } from './results-header';
