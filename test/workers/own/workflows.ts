import { proxyActivities } from '@temporalio/workflow';

/** Workflows of a user: SemiEvol's, and one of their own beside them. */
export * from '../../../workflows/index.ts';

const { greet } = proxyActivities<{ greet(name: string): Promise<string> }>({
  startToCloseTimeout: '10s',
});

export function greeting(name: string): Promise<string> {
  return greet(name);
}
