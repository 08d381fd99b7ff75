import { proxyActivities } from '@temporalio/workflow';

export * from 'semievol/workflows';

const { greet } = proxyActivities({ startToCloseTimeout: '10s' });

export const greeting = (name) => greet(name);
