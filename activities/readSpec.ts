import { finalFailure } from '../core/failures.ts';
import { sentenceOf } from '../core/issues.ts';
import type { Registry } from '../core/registry.ts';
import type { RunSpec } from '../core/spec.ts';

/**
 * A spec as this worker understands it. It was read by somebody else: a client with other extensions,
 * or, where it was stored, an older version, which knew fewer fields.
 * @throws ApplicationFailure `SpecNotUnderstood`, non-retryable
 */
export function readSpec(registry: Registry, given: RunSpec): RunSpec {
  const result = registry.readAgain(given);
  if (result.success) return result.data;
  const sentences = result.error.issues.map((issue) =>
    sentenceOf(issue, given, { showTexts: true }),
  );
  throw finalFailure(
    'SpecNotUnderstood',
    `the worker does not understand the spec of run "${given.name}": ${sentences.join('; ')}. Give the worker the configuration that the run was started with (extensions in temporal.config.ts), and the same version of semievol`,
  );
}
