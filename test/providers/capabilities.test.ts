import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CAPABILITIES, type Capability } from '../../core/capabilities.ts';
import { probeCapabilities } from '../../providers/capabilities/probe.ts';
import type { QuirkName } from '../../testing/quirks/index.ts';
import { useProvider } from '../support/suite.ts';
import { endpointAt, MODEL } from './support.ts';

const ALL = Object.keys(CAPABILITIES) as Capability[];

/** The lies of which an endpoint may tell one at a time, and what each makes worthless. */
const LIES: Partial<Record<QuirkName, Capability[]>>[] = [
  {
    'lie-logprobs-none': ['logprobs', 'top_logprobs'],
    'lie-logprobs-empty': ['logprobs', 'top_logprobs'],
    'lie-logprobs-positive': ['logprobs'],
    'lie-logprobs-nan': ['logprobs'],
    'lie-logprobs-clamped': ['logprobs'],
    'lie-logprobs-zero': ['logprobs'],
    'lie-logprobs-same': ['logprobs'],
    'lie-logprobs-others': ['logprobs'],
  },
  { 'lie-top-logprobs': ['top_logprobs'] },
  { 'lie-n': ['n'], 'lie-n-copies': ['n'] },
  { 'lie-seed': ['seed'] },
  { 'lie-temperature': ['temperature'] },
  { 'lie-max-tokens': ['max_tokens'] },
  { 'lie-max-completion-tokens': ['max_completion_tokens'] },
  { 'lie-system': ['system'] },
  { 'lie-response-format': ['response_format', 'json_object'] },
];

describe('What an endpoint is capable of', () => {
  const provider = useProvider('suite');
  const probe = async (...quirks: QuirkName[]) => {
    provider.setQuirks(quirks);
    const probed = await probeCapabilities(endpointAt(provider), MODEL, {});
    return probed!;
  };
  const ignoredIn = ({ findings }: Awaited<ReturnType<typeof probe>>) =>
    ALL.filter((name) => findings[name].verdict === 'ignored');

  it('is all of it, where it is honest', async () => {
    const { findings, thoughts, isWhole } = await probe();
    for (const name of ALL) assert.deepEqual(findings[name], { verdict: 'supported' }, name);
    assert.deepEqual([thoughts, isWhole], [null, true]);
  });

  for (const [lie, worthless] of LIES.flatMap((one) => Object.entries(one)))
    it(`is told in spite of ${lie}`, async () => {
      const probed = await probe(lie as QuirkName);
      assert.deepEqual(ignoredIn(probed).toSorted(), worthless.toSorted());
      const others = ALL.filter((name) => !worthless.includes(name));
      for (const name of others) assert.equal(probed.findings[name].verdict, 'supported', name);
    });

  it('is told in spite of any of them together', async () => {
    const lies = fc.tuple(
      ...LIES.map((one) => fc.option(fc.constantFrom(...(Object.keys(one) as QuirkName[])))),
    );
    await fc.assert(
      fc.asyncProperty(lies, async (told) => {
        const quirks = told.filter((lie) => lie !== null);
        const worthless = LIES.flatMap((one) => quirks.flatMap((lie) => one[lie] ?? []));
        const ignored = ignoredIn(await probe(...quirks));
        assert.deepEqual(ignored.toSorted(), [...new Set(worthless)].toSorted());
      }),
      { numRuns: 25, examples: [[LIES.map((one) => Object.keys(one)[0] as QuirkName)]] as never },
    );
  });
});
