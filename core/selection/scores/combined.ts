import { fitLogistic, type Logistic, predict } from '../calibration/logistic.ts';
import type { Scorable } from '../rule.ts';
import { defineScore } from '../score.ts';

/**
 * What is known of a label, each 0 to 1, the lower the surer; null where it is not known. Entropies
 * have no bound: they are squeezed, in their order.
 */
const featuresOf = ({ entropy, votes, collaborators, probability, neighbours }: Scorable) => [
  entropy === null ? null : entropy / (1 + entropy),
  1 - votes / collaborators,
  probability === null ? null : 1 - probability,
  neighbours === null ? null : 1 - neighbours,
];

/** What is not known is taken to be as usual: it then speaks neither for nor against the label. */
const filled = (features: readonly (number | null)[], usual: readonly number[]) =>
  features.map((value, index) => value ?? usual[index]!);

/**
 * The estimated probability that the label is wrong, by a logistic regression with a ridge over all
 * that the other scores go by, fitted on calibration rows.
 */
export const combined = defineScore<Logistic>({
  name: 'combined',
  description:
    'all of these by a logistic regression, fitted on labelled examples that are answered by models which have not seen them',
  measure: 'estimated error',
  // Ten for each of four features and of what is usual.
  fitsFrom: 50,
  fit(rows) {
    const features = rows.map(({ row }) => featuresOf(row));
    const usual = [0, 1, 2, 3].map((index) => mean(features.flatMap((one) => one[index] ?? [])));
    return fitLogistic(
      rows.map(({ right }, index) => ({ features: filled(features[index]!, usual), right })),
    );
  },
  of(row, fitted) {
    if (!fitted) return null;
    const usual = fitted.features.map(({ mean }) => mean);
    return 1 - predict(fitted, filled(featuresOf(row), usual));
  },
});

const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
