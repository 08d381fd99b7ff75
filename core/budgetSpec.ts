import { z } from 'zod';
import { BUDGET_UNITS, JOBS_AT_LIMIT, type Limits } from './budget.ts';
import { PHASES, type PhaseName } from './phases.ts';

const UNITS: Record<keyof Limits, string> = {
  usd: 'US dollars, by the prices of the configuration: each model of the run needs them.',
  tokens: 'Tokens of prompts, answers and training.',
  requests: 'Requests, embeddings and fine-tuning jobs among them.',
  gpuHours: 'Hours for which models are deployed.',
};
const limits = Object.fromEntries(
  BUDGET_UNITS.map((unit) => [unit, z.number().positive().optional().describe(UNITS[unit])]),
) as Record<keyof Limits, z.ZodOptional<z.ZodNumber>>;
const phaseNames = PHASES.map(({ name }) => name) as [PhaseName, ...PhaseName[]];

/** What a run may spend. */
export const budgetSpec = z
  .strictObject({
    ...limits,
    perRound: z.strictObject(limits).optional().describe('What each round may.'),
    perPhase: z
      .partialRecord(z.enum(phaseNames), z.strictObject(limits))
      .optional()
      .describe('What a phase of each round may, by its name.'),
    jobs: z
      .enum(JOBS_AT_LIMIT)
      .default('finish')
      .describe(
        'What becomes of fine-tuning jobs and batches under way at a limit. finish: they go on. cancel: they are cancelled at their provider, and begun again once the limit is raised; what batches have answered by then is kept.',
      ),
  })
  .describe(
    'What the run may spend, at the most, with what is reserved for work under way. At a limit nothing new is begun, until it is raised: "semievol budget RUN --usd N".',
  );
