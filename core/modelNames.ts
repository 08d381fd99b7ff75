/** Whether a name stands for a model that a round has or makes, at the endpoint of the run. */
export const isRole = (model: string): model is 'warm-up' | 'base' =>
  model === 'warm-up' || model === 'base';

/** The endpoint at which a part of a spec, such as a collaborator, is asked. */
export const endpointOf = (
  { model }: { model: { endpoint: string } },
  { endpoint }: { endpoint?: string | undefined },
): string => endpoint ?? model.endpoint;
