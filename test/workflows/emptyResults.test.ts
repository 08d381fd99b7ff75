import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ChatAnswer } from '../../testing/answers.ts';
import { failedFor, writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

const sizes = { labelled: 10, unlabelled: 20, test: 10 };

/** As a model refuses that gives none. */
const NO_LOGPROBS = {
  status: 400,
  body: { error: { message: 'No.', param: 'logprobs', code: 'unsupported_parameter' } },
};

describe('a round that comes to nothing', () => {
  const bench = useBench('test');

  const cases: Record<string, ChatAnswer> = {
    AnswersCut: { text: 'The most', finishReason: 'length' },
    NothingRead: 'I would rather not say.',
    NoEntropy: { text: 'plant', entropy: null },
    OneClass: 'plant',
  };
  for (const [type, chat] of Object.entries(cases))
    it(`stops before its fine-tunes: ${type}`, async () => {
      const { provider } = bench;
      provider.setAnswers({ chat });
      const collaborators = [{ name: 'alone', shots: 0 }];
      const spec = await writeTask(bench.folder, type, sizes, { collaborators });
      await assert.rejects(bench.run(spec), failedFor(type));
      assert.equal(provider.jobs.all().length, 1, 'the warm-up alone was trained');
      assert.equal(provider.requests({ kind: 'chat' }).length, sizes.unlabelled);
    });

  it('goes on by the votes where no answer carries log-probabilities, and says so', async () => {
    bench.provider.setFaults(({ body }) => (body?.logprobs ? NO_LOGPROBS : undefined));
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
