import { endpointOf, isRole } from './modelNames.ts';
import { requestGroups } from './requestGroups.ts';
import type { RunSpec } from './spec.ts';
import type { Task } from './tasks/task.ts';
import { type Asked, mayGoByBatch } from './transport.ts';

/** A request of a round about an example, by what it is for. */
export interface Asker {
  asked: Asked;
  endpoint: string;
  /** As its spec names it; of one that the round makes its base. */
  model: string;
  /** How many answers it draws. */
  samples: number;
}

/** The requests that a round may send about an example. */
export function askersOf(spec: RunSpec, task: Pick<Task, 'judge' | 'agreement'>): Asker[] {
  const { justification, judge, model } = spec;
  const rootOf = (name: string) => (isRole(name) ? model.name : name);
  const collaborators = requestGroups(spec).map(
    (group): Asker => ({
      ...{ asked: 'collaborate', endpoint: group.endpoint },
      ...{ model: rootOf(group.model), samples: group.places.length },
    }),
  );
  const isJudged = judge && (task.judge || task.agreement?.by === 'judge');
  return [
    ...collaborators,
    {
      ...{ asked: 'justify', endpoint: endpointOf(spec, justification) },
      ...{ model: rootOf(justification.model), samples: 1 },
    },
    ...(isJudged
      ? [
          {
            ...{ asked: 'judge' as const, endpoint: endpointOf(spec, judge) },
            ...{ model: judge.model, samples: 1 },
          },
        ]
      : []),
    { asked: 'evaluate', endpoint: model.endpoint, model: model.name, samples: 1 },
  ];
}

/**
 * What a spec wants to go by batch at endpoints that take none.
 * @param takes whether an endpoint takes batches
 */
export function batchProblems(
  spec: RunSpec,
  task: Pick<Task, 'judge' | 'agreement'>,
  takes: (endpoint: string) => boolean,
): string[] {
  const { transport } = spec;
  if (!mayGoByBatch(transport)) return [];
  const problems = askersOf(spec, task)
    .filter(({ asked, endpoint }) => transport[asked] === 'batch' && !takes(endpoint))
    .map(
      ({ asked, endpoint }) =>
        `transport.${asked} is batch, but endpoint "${endpoint}" declares no batches: write batches: true there in temporal.config.ts if it takes them, else auto or direct in the spec`,
    );
  return [...new Set(problems)];
}
