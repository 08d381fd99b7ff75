import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { after, afterEach, before, describe, it } from 'mocha';
import { startProvider } from '../../testing/provider.ts';
import { Bench, failedFor, startTemporal, writeTask } from '../support/stack.ts';

const CHAT = '/chat/completions';
const sizes = { labelled: 10, unlabelled: 20, test: 10 };
const logprobs = { content: [{ token: 'x', logprob: -0.1, bytes: null, top_logprobs: [] }] };

/** A chat answer that is the same whatever is asked. */
const always = (content: string, choice: object) => ({
  ...{ id: 'x', object: 'chat.completion', created: 0, model: 'm' },
  choices: [
    { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop', ...choice },
  ],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
});

describe('a round that comes to nothing', function () {
  this.timeout(60_000);
  let temporal: TestWorkflowEnvironment;
  let bench: Bench;

  before(async () => {
    temporal = await startTemporal();
  });
  after(() => temporal?.teardown());
  afterEach(() => bench.close());

  const cases: Record<string, object> = {
    AnswersCut: always('The most', { finish_reason: 'length', logprobs }),
    NothingRead: always('I would rather not say.', { logprobs }),
    NoEntropy: always('plant', { logprobs: null }),
    OneClass: always('plant', { logprobs }),
  };
  for (const [type, body] of Object.entries(cases))
    it(`stops before its fine-tunes: ${type}`, async () => {
      bench = await Bench.open(temporal, await startProvider());
      const { provider } = bench;
      provider.setFaults(({ path }) => (path === CHAT ? { status: 200, body } : undefined));
      const collaborators = [{ name: 'alone', shots: 0 }];
      const spec = await writeTask(bench.folder, type, sizes, { collaborators });
      await assert.rejects(bench.run(spec), failedFor(type));
      assert.equal(provider.jobs.all().length, 1, 'the warm-up alone was trained');
      assert.equal(provider.requests({ kind: 'chat' }).length, sizes.unlabelled);
    });

  it('goes on by the votes where no answer carries log-probabilities, and says so', async () => {
    bench = await Bench.open(temporal, await startProvider({ logprobs: false }));
    const spec = await writeTask(bench.folder, 'votes', sizes);
    const { totals } = await bench.run(spec);
    assert.equal(totals.finished, 1);
    const [report] = await bench.reports(spec.name);
    assert.equal(report!.pseudoLabels.entropyOf, 'votes');
    const collaborators = report!.answers.filter(({ stage }) => stage === 'collaborate');
    assert.deepEqual(
      collaborators.map(({ collaborator, withoutEntropy }) => [collaborator, withoutEntropy]),
      spec.collaborators.map(({ name }) => [name, sizes.unlabelled]),
    );
    const roles = report!.answers.filter(({ stage }) => stage.startsWith('evaluate-'));
    assert.ok(roles.every(({ answers }) => answers === sizes.test) && roles.length >= 3);
  });
});
