/**
 * The models that a round may fine-tune on the labelled examples alone, each with a seed of its own: in
 * a spec those that are named are made, and all before them.
 */
export const WARM_UPS = ['warm-up', 'warm-up-2', 'warm-up-3', 'warm-up-4'] as const;

/** One of them. */
export type WarmUp = (typeof WARM_UPS)[number];

/** Whether a name stands for one of them. */
export const isWarmUp = (model: string): model is WarmUp =>
  (WARM_UPS as readonly string[]).includes(model);

/** Whether a name stands for a model that a round has or makes, at the endpoint of the run. */
export const isRole = (model: string): model is WarmUp | 'base' =>
  model === 'base' || isWarmUp(model);

/** The endpoint at which a part of a spec, such as a collaborator, is asked. */
export const endpointOf = (
  { model }: { model: { endpoint: string } },
  { endpoint }: { endpoint?: string | undefined },
): string => endpoint ?? model.endpoint;
