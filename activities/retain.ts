import type { RoundContext } from './dependencies.ts';

/**
 * Drops the answers of rounds that the spec does not want to keep any more, and what was made for them:
 * neighbours, meanings and views. What is done is not done again.
 * @param round the one under way
 */
export async function retain(
  { spec: { retention }, tables }: Pick<RoundContext, 'spec' | 'tables'>,
  round: number,
): Promise<void> {
  if (!retention) return;
  const last = round - retention.answers;
  for (const old of await tables.roundsWithAnswers()) if (old <= last) await tables.drop(old);
}
