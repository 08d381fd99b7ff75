import { consensus, pseudoLabel } from '../core/consensus.ts';
import { samplingOf } from '../core/sampling.ts';
import type { Answer } from '../core/types.ts';
import { askMissing } from './asking.ts';
import { modelNamed, type PropagateInput } from './collaborate.ts';
import { type Dependencies, openRound } from './dependencies.ts';
import { tracked } from './progress.ts';

export function createJustify(dependencies: Dependencies) {
  return {
    /**
     * Where the collaborators disagreed, shows the model their answers and lets it justify one
     * (self-justification, §3.2); then stores the pseudo-label of every example of the range.
     */
    async justify(input: PropagateInput): Promise<{ disagreed: number }> {
      const context = await openRound(dependencies, input);
      const { spec, dataset, tables, task } = context;
      const { round, range } = input;
      const answers = await tables.answers({ round, stage: 'collaborate', range });
      // Ties go to who comes first in the spec, not to whose answer came first.
      const places = new Map(spec.collaborators.map(({ name }, index) => [name, index]));
      const place = ({ collaborator }: Answer) => places.get(collaborator) ?? 0;
      answers.sort((a, b) => place(a) - place(b) || a.sample - b.sample);
      const answersOf = Map.groupBy(answers, (answer) => answer.ordinal);
      const examples = await dataset.range('unlabelled', range);
      const asks = examples.flatMap((example) => {
        const parsed = (answersOf.get(example.ordinal) ?? []).map((answer) => answer.parsed);
        const { agreed, candidates } = consensus(parsed, task.equal);
        if (agreed || candidates.length === 0) return [];
        return {
          example,
          model: modelNamed(spec.justification.model, input.models),
          messages: task.justify(
            example,
            candidates.map((candidate) => candidate.answer),
          ),
          sampling: samplingOf(spec.justification, spec.maxTokens),
          slots: [{ collaborator: 'justify', sample: 0 }],
        };
      });
      return tracked(
        { total: asks.length, unit: 'justifications' },
        async (tracker) => {
          const batch = { dependencies, context, round, stage: 'justify', range, tracker } as const;
          await askMissing(asks, batch);
          const justified = await tables.answers({ round, stage: 'justify', range });
          const justificationOf = new Map(justified.map((answer) => [answer.ordinal, answer]));
          await tables.addPseudoLabels(
            examples.map(({ ordinal, id }) => ({
              round,
              ordinal,
              exampleId: id,
              ...pseudoLabel(
                answersOf.get(ordinal) ?? [],
                justificationOf.get(ordinal),
                task.equal,
              ),
            })),
          );
          return { disagreed: asks.length };
        },
        dependencies.shutdownGraceMs,
      );
    },
  };
}
