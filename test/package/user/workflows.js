import { executeChild, proxyActivities } from '@temporalio/workflow';
import { evolve } from 'semievol/workflows';

export * from 'semievol/workflows';

const { embed } = proxyActivities({ startToCloseTimeout: '10s' });

export async function nightly(spec) {
  const args = [{ run: spec.name, spec }];
  const { latest } = await executeChild(evolve, { workflowId: spec.name, args });
  return embed(latest.at(-1).champion);
}
