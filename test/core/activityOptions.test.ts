import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { defineConfig } from '../../config/config.ts';
import { ConfigError } from '../../config/errors.ts';
import { mergeActivityOptions } from '../../core/activityOptions.ts';

const refused = (activityOptions: object, expected: RegExp) =>
  assert.throws(
    () => defineConfig({ activityOptions }),
    (error) => error instanceof ConfigError && expected.test(error.message),
  );

describe('options of activities', () => {
  it('are what Temporal takes, for all of them or for one', () => {
    const given = {
      all: { retry: { maximumAttempts: 5, initialInterval: '2 s' as const } },
      awaitJob: { startToCloseTimeout: '90 days' as const, heartbeatTimeout: 60_000 },
      collaborate: { taskQueue: 'gpu' },
    };
    assert.deepEqual(defineConfig({ activityOptions: given }).activityOptions, given);
  });

  it('are refused by name and field where they mean nothing', () => {
    refused({ colaborate: { taskQueue: 'gpu' } }, /activityOptions.*colaborate/);
    refused({ select: { startToCloseTimeout: 'long' } }, /select\.startToCloseTimeout.*"30 s"/);
    refused({ select: { startToCloseTimeout: '0 s' } }, /startToCloseTimeout.*more than nothing/);
    refused({ embed: { heartbeatTimeout: '2 s' } }, /heartbeatTimeout.*10 s or more/);
    refused({ all: { retry: { maximumAttempts: 0 } } }, /maximumAttempts/);
    refused({ all: { retries: {} } }, /all.*retries/);
  });
});

describe('options of a run over those of the configuration', () => {
  it('are taken field by field, for each activity', () => {
    const merged = mergeActivityOptions(
      { all: { taskQueue: 'a', retry: { maximumAttempts: 3 } }, embed: { taskQueue: 'b' } },
      { all: { retry: { maximumInterval: '1 minute' } }, select: { heartbeatTimeout: 20_000 } },
    );
    assert.deepEqual(merged, {
      all: { taskQueue: 'a', retry: { maximumAttempts: 3, maximumInterval: '1 minute' } },
      embed: { taskQueue: 'b' },
      select: { heartbeatTimeout: 20_000 },
    });
  });
});
