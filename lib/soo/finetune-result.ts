import { z } from 'zod';

export const tuningResultSchema = z.object({
  steps: z.number(),
  microBatches: z.number(),
  finalLoss: z.number().nullable(),
  epochLosses: z.array(z.number()),
  resumedFrom: z.number().nullable(),
});

/** How a run came out. */
export type TuningResult = z.infer<typeof tuningResultSchema>;
