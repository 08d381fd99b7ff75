import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RoundReport } from '../../core/roundReport.ts';
import { usageOf } from '../../core/usage.ts';
import { endpointConfig } from '../../providers/config.ts';
import { openStore } from '../../store/store.ts';
import type { ChatQuestion } from '../../testing/answers.ts';
import { BASE, guess, judge, numbersIn, writeRooms } from '../support/rooms.ts';
import { useBench } from '../support/suite.ts';

const SIZES = { labelled: 8, unlabelled: 12, test: 10 };

describe('a free-form task', () => {
  const bench = useBench('test', { models: [BASE, 'all-minilm-l6-v2', 'wise'] });
  const asked = () => bench.provider.requests({ kind: 'chat' }).length;

  it('of long answers is compared and graded by a judge, whose words are paid for once', async () => {
    const chat = (question: ChatQuestion) =>
      question.model === 'wise' ? judge(question) : guess(question);
    bench.provider.setAnswers({ chat });
    const spec = await writeRooms(bench, 'rooms', SIZES, {
      task: { type: 'free-form', answers: 'long' },
      judge: { model: 'wise' },
    });
    await bench.run(spec);
    const [first] = await bench.reports(spec.name);
    assert.ok(first);
    const [metric, ...others] = first.metrics;
    assert.equal(others.length, 0);
    assert.equal(metric!.name, 'judged right');
    const { base, semievol } = metric!.values;
    assert.deepEqual([base.got, base.of], [5, 10]);
    assert.deepEqual([semievol.got, semievol.of], [10, 10]);
    const { judge: judged } = first;
    assert.deepEqual([judged!.gold.got, judged!.gold.of], [8, 8]);
    assert.deepEqual([judged!.others.got, judged!.others.of], [8, 8]);
    assert.equal(judged!.isPartial, false);
    assert.equal(first.pseudoLabels.all.of, 0, 'nobody grades pseudo-labels');
    // Where the base knows the room, three texts mean the same; else two of them.
    assert.equal(first.pseudoLabels.agreement, 1 / 2);
    const of = (phase: string) => first.usage.filter((one) => one.phase === phase);
    assert.deepEqual(
      ['group', 'judge-check', 'judge-vanilla', 'judge-sft'].map((phase) =>
        of(phase).map(({ endpoint, model, requests }) => [endpoint, model, requests]),
      ),
      [
        [['local', 'wise', 12]],
        [['local', 'wise', 16]],
        [['local', 'wise', 10]],
        [['local', 'wise', 10]],
      ],
    );
    const before = asked();
    await bench.run(spec);
    assert.equal(asked(), before, 'a run that is begun again asks nothing');
    assert.equal(bench.provider.repeats('chat'), 0);
  });

  it('goes by batch the same way, each question to model and judge once', async () => {
    const chat = (question: ChatQuestion) =>
      question.model === 'wise' ? judge(question) : guess(question);
    bench.provider.setAnswers({ chat });
    const rooms = (name: string, more: object = {}) =>
      writeRooms(bench, name, SIZES, {
        ...{ task: { type: 'free-form', answers: 'long' }, judge: { model: 'wise' } },
        ...{ resolution: 'justify', ...more },
      });
    const direct = await rooms('rooms-by-themselves');
    await bench.run(direct);
    const alone = asked();
    Object.assign(
      bench.config.endpoints.local!,
      endpointConfig.parse({
        ...bench.config.endpoints.local,
        batches: true,
      }),
    );
    const byBatch = await rooms('rooms-by-batch', { transport: 'batch' });
    await bench.run(byBatch);
    const [[wanted], [got]] = [await bench.reports(direct.name), await bench.reports(byBatch.name)];
    assert.deepEqual(got!.metrics, wanted!.metrics);
    assert.deepEqual(got!.pseudoLabels, wanted!.pseudoLabels);
    const phases = ({ usage }: RoundReport, by: string) =>
      usage
        .filter(({ transport, completionTokens }) => transport === by && completionTokens > 0)
        .map(({ phase, model, requests }) => `${phase} ${model.split(':')[0]} ${requests}`)
        .sort();
    // The report itself looks at how far the judge can be trusted.
    const isOfReport = (phase: string) => phase.startsWith('judge-check');
    const all = phases(wanted!, 'direct');
    assert.deepEqual(
      phases(got!, 'batch'),
      all.filter((phase) => !isOfReport(phase)),
    );
    assert.deepEqual(phases(got!, 'direct'), all.filter(isOfReport));
    const batched = bench.provider.batches.all().map((batch) => batch.request_counts!.total);
    assert.equal(batched.reduce((sum, total) => sum + total, 0) + asked() - alone, alone);
  });

  it('of short answers agrees by embedding, and teaches the words of the surest', async () => {
    bench.provider.setAnswers({
      chat: (question) => ({ text: guess(question), entropy: question.model === BASE ? 0.1 : 0.5 }),
      embedding: (text) => [
        1,
        ...Array.from({ length: 8 }, (_, bit) => (numbersIn(text)[0]! >> bit) & 1),
      ],
    });
    const spec = await writeRooms(bench, 'rooms-by-vectors', SIZES, {
      task: { type: 'free-form', agreement: 'embedding', similarity: 0.99 },
    });
    await bench.run(spec);
    const [report] = await bench.reports(spec.name);
    assert.deepEqual(
      report!.metrics.map(({ name, comparison }) => [name, comparison.test]),
      [
        ['token F1', 'bootstrap'],
        ['exact match', 'mcnemar'],
      ],
    );
    assert.equal(report!.judge, undefined);
    assert.equal(report!.pseudoLabels.agreement, 1 / 2);
    assert.ok(report!.pseudoLabels.all.value! > 0);
    assert.ok(usageOf(report!.usage, 'group').requests > 0);
    const store = await openStore(bench.config.store);
    try {
      const tables = await store.run(spec.name, report!.dataset);
      const rows = await tables.pseudoLabels(1, { from: 0, to: SIZES.unlabelled });
      for (const { ordinal, label } of rows) {
        const guest = SIZES.labelled + 1 + ordinal;
        const surest =
          guest % 2 === 0 ? `Room ${guest}, I think.` : `You find them in room ${guest}`;
        assert.equal(label, surest);
      }
    } finally {
      store.close();
    }
  });
});
