import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { finalFailure } from '../../core/failures.ts';
import type { Endpoint } from '../../providers/endpoint.ts';
import { NotUp } from '../../providers/errors.ts';
import { type Provider, startProvider } from '../../testing/provider.ts';
import { endpointAt, failure, request, untilTrouble } from './support.ts';

const MODEL = 'ft:a-model';
const ask = { ...request, model: MODEL };

describe('a model that is asked by the name of its deployment', () => {
  let provider: Provider;
  let endpoint: Endpoint;
  /** Its name there, or why it has none. */
  let now: string | Error;
  const host = {
    async servedAs() {
      if (now instanceof Error) throw now;
      return now;
    },
  };

  beforeEach(async () => {
    provider = await startProvider({ models: ['first', 'second'] });
    endpoint = endpointAt(provider);
    now = 'first';
    endpoint.hostedBy(MODEL, host, 'first');
  });
  afterEach(() => provider.close());

  /** Its deployment under this name is gone. */
  const expire = (name: string) =>
    provider.setFaults(({ model }) =>
      model === name
        ? { status: 404, body: { error: { message: 'No such deployment.' } } }
        : undefined,
    );
  const answered = () => provider.requests({ kind: 'chat', status: 200 }).map(({ model }) => model);

  it('is asked by it', async () => {
    await endpoint.chat(ask);
    assert.deepEqual(answered(), ['first']);
  });

  it('is asked by another one as soon as it has that, and no request is given up', async () => {
    expire('first');
    now = new NotUp('it is being put up');
    const asked = Array.from({ length: 40 }, (_, seed) => endpoint.chat({ ...ask, seeds: [seed] }));
    await untilTrouble(endpoint, /it is being put up; held back since/);
    now = 'second';
    const samples = (await Promise.all(asked)).flat();
    assert.ok(samples.every(({ finishReason }) => finishReason === 'stop'));
    assert.deepEqual(new Set(answered()), new Set(['second']));
  });

  it('is waited for though its host knows nothing of that yet, for longer than refusals last', async () => {
    endpoint = endpointAt(provider, { finalAfterSeconds: 0.02 });
    endpoint.hostedBy(MODEL, host, 'first');
    expire('first');
    const asked = endpoint.chat(ask);
    const probes = () => provider.requests({ kind: 'probe', model: 'first' }).length;
    await provider.until(() => probes() > 6);
    now = 'second';
    assert.equal((await asked).length, 1);
  });

  it('fails where it will not be up again', async () => {
    expire('first');
    now = finalFailure('DeploymentFailed', 'no room');
    await assert.rejects(endpoint.chat(ask), failure('DeploymentFailed', { retried: false }));
  });
});
