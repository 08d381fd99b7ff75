import { z } from 'zod';

const price = z.number().min(0).optional();

/** What a million tokens cost in requests. */
const tokenPrices = {
  input: price.describe('A million prompt tokens.'),
  cachedInput: price.describe('A million of them that a cache held; as other input without it.'),
  output: price.describe('A million tokens of answers.'),
};

const asOf = z.iso.date('give a date, as "2026-11-27"').optional();

const modelPrices = z.strictObject({
  ...tokenPrices,
  batch: z
    .union([z.number().min(0).max(1), z.strictObject(tokenPrices)])
    .optional()
    .describe(
      'The same in rows of a batch; or a number: the share of those above that they cost (0.5: half).',
    ),
  training: price.describe('A million trained tokens.'),
  deployedHour: price.describe('An hour for which a model is deployed.'),
  asOf: asOf.describe('The day on which these prices were looked up.'),
});

/** The prices of an endpoint, by model. */
export const endpointPrices = z
  .record(z.string().min(1), modelPrices)
  .describe(
    'US dollars, by model name. A name that ends in "*" is of all that begin so, as "ft:gpt-4.1-mini*" of tuned ones. A tuned model that has no entry costs as much as the one it was tuned from; what has no price is reported as unpriced.',
  );

/** A file of prices. */
export const pricesFile = z.strictObject({
  asOf: asOf.describe('The day on which those were looked up that say no other.'),
  models: endpointPrices,
});

/** Prices of a file under those of the configuration; a date of the file is that of all in it. */
export function withPricesOf(
  own: Prices,
  { asOf: day, models }: z.output<typeof pricesFile>,
): Prices {
  const dated = Object.entries(models).map(([name, price]) => [name, { asOf: day, ...price }]);
  return { ...Object.fromEntries(dated), ...own };
}

/** What the use of a model costs, in US dollars. */
export type Price = z.output<typeof modelPrices>;
/** The prices of an endpoint, by model. */
export type Prices = z.output<typeof endpointPrices>;
