import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { before, describe, it } from 'mocha';
import project from '../../package.json' with { type: 'json' };
import { WORKFLOWS_PATH } from '../../workers/plugin.ts';
import * as workflows from '../../workflows/index.ts';
import { quiet } from '../support/stack.ts';

const FOLDER = new URL('../fixtures/histories/', import.meta.url);
const NEXT_BUILD = fileURLToPath(new URL('../workers/own/nextBuild.ts', import.meta.url));

/** The endings of each workflow, and the last event of each ending. */
const ENDINGS = {
  evolve: ['finished', 'continued', 'decided', 'lived', 'cancelled', 'failed'],
  round: ['finished', 'empty', 'cancelled', 'failed'],
  fineTune: ['finished', 'stalled', 'givenUp', 'cancelled', 'failed'],
  propagate: ['finished', 'continued', 'continuation', 'cancelled', 'failed'],
  evaluate: ['finished', 'continued', 'continuation', 'cancelled', 'failed'],
  byBatch: ['finished', 'cancelled'],
  host: ['finished', 'cancelled', 'failed'],
  announce: ['finished'],
  collect: ['finished', 'failed'],
  reproduce: ['finished'],
};
const LAST_EVENTS: Record<string, string> = {
  finished: 'COMPLETED',
  stalled: 'COMPLETED',
  continuation: 'COMPLETED',
  decided: 'CONTINUED_AS_NEW',
  lived: 'COMPLETED',
  continued: 'CONTINUED_AS_NEW',
  cancelled: 'CANCELED',
  givenUp: 'CANCELED',
  empty: 'FAILED',
  failed: 'FAILED',
};

describe('recorded histories', () => {
  let files: string[];

  before(async () => {
    quiet();
    files = (await readdir(FOLDER)).filter((name) => name.endsWith('.json'));
  });

  const read = async (file: string) => JSON.parse(await readFile(new URL(file, FOLDER), 'utf8'));

  /** @returns the files that do not replay, with their errors */
  async function refused(workflowsPath: string): Promise<[file: string, error: Error][]> {
    const fileOf = new Map<string, string>();
    const histories = files.map(async (file) => {
      const history = await read(file);
      // The ids of children are made from the workflow's own.
      const { workflowId, originalExecutionRunId } =
        history.events[0].workflowExecutionStartedEventAttributes;
      fileOf.set(originalExecutionRunId, file);
      return { workflowId, history };
    });
    const errors: [string, Error][] = [];
    for await (const { runId, error } of Worker.runReplayHistories(
      { workflowsPath },
      await Promise.all(histories),
    ))
      if (error) errors.push([fileOf.get(runId)!, error]);
    return errors;
  }

  it('are there for every workflow and every ending of this version', async () => {
    const all = Object.entries(workflows).flatMap(([name, one]) =>
      typeof one === 'function' ? [name] : [],
    );
    assert.deepEqual(Object.keys(ENDINGS).sort(), all.sort());
    for (const [workflow, endings] of Object.entries(ENDINGS))
      for (const ending of endings) {
        const { events } = await read(`${project.version}-${workflow}-${ending}.json`);
        const [first, last] = [events[0], events.at(-1)];
        assert.equal(first.workflowExecutionStartedEventAttributes.workflowType.name, workflow);
        assert.equal(last.eventType, `EVENT_TYPE_WORKFLOW_EXECUTION_${LAST_EVENTS[ending]}`);
      }
  });

  it('replay with the workflows as they are now', async () => {
    assert.deepEqual(await refused(WORKFLOWS_PATH), []);
  });

  it('are refused by workflows that do something else', async () => {
    const changed = await refused(NEXT_BUILD);
    assert.ok(changed.every(([, error]) => error instanceof DeterminismViolationError));
    assert.deepEqual(
      changed.map(([file]) => file).sort(),
      files.filter((file) => file.includes('-round-')).sort(),
    );
  });
});
