import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { keepSpeed, keptSpeed, planOfDemo } from '../../cli/demoPlan.ts';
import { nextAttempt, prepare } from '../../cli/demoRuns.ts';
import { useFolder } from '../support/suite.ts';

describe('the plan of a demo', () => {
  const files = useFolder('test');

  it('is told again when the run is gone on with, by the speed that was measured at first', async () => {
    const attempt = nextAttempt({ labelled: 16, unlabelled: 24, test: 24 }, 0);
    const begun = await prepare(files.path, attempt);
    assert.equal(await keptSpeed(begun), undefined);
    await keepSpeed(begun, 123.4);

    const goneOnWith = await prepare(files.path, attempt);
    const speed = await keptSpeed(goneOnWith);
    assert.equal(speed, 123.4);
    const { line, forecast } = planOfDemo(goneOnWith.spec, attempt, speed);
    assert.match(
      line,
      /^16 labelled, 24 unlabelled and 24 test examples: about .+ in all on this machine$/,
    );
    assert.ok(forecast!(1).propagate! > 0);
  });

  it('names no time where no speed is known', async () => {
    const attempt = nextAttempt({ labelled: 16, unlabelled: 24, test: 24, rounds: 2 }, 0);
    const { spec } = await prepare(files.path, attempt);
    assert.deepEqual(planOfDemo(spec, attempt, undefined), {
      line: '16 labelled, 24 unlabelled and 24 test examples, the unlabelled in 2 parts, one before each round',
    });
  });
});
