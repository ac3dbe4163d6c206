/** Studies: arms and controls, what they showed, and the judgement of claims. */
export * as agents from './agents';
export * as demo from './demo';
export * as honesty from './honesty';
export * as repetition from './repetition';
export { ANSWERS, CLAIM_VERDICTS, type Claim, type ClaimVerdict } from './claim';
export { headerSchema, type ResultsHeader } from './results-header';
