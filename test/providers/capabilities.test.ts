import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CAPABILITIES, type Capability } from '../../core/capabilities.ts';
import { probeCapabilities } from '../../providers/capabilities/probe.ts';
import { listModels } from '../../providers/check.ts';
import { startProvider } from '../../testing/provider.ts';
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
    const endpoint = endpointAt(provider);
    await endpoint.probeChat(MODEL, { samples: 2 });
    return (await probeCapabilities(endpoint, MODEL, {}))!;
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
      { numRuns: 25 },
    );
  });

  it('is told in spite of all of them', async () => {
    const ignored = ignoredIn(await probe(...LIES.map((one) => Object.keys(one)[0] as QuirkName)));
    assert.deepEqual(ignored, ALL);
  });

  it('is not drawing, where every answer is the likeliest', async () => {
    const { findings } = await probe('lie-greedy');
    assert.equal(findings.temperature.verdict, 'ignored');
    assert.deepEqual(findings.seed, { verdict: 'unknown', detail: 'other seeds draw the same' });
    assert.equal(findings.n.verdict, 'supported');
  });

  const refusals: [QuirkName, Capability][] = [
    ['max-tokens', 'max_tokens'],
    ['temperature', 'temperature'],
    ['seed', 'seed'],
    ['n-400', 'n'],
    ['system', 'system'],
  ];
  for (const [quirk, capability] of refusals)
    it(`is not what is refused: ${capability}`, async () => {
      const { findings, isWhole } = await probe(quirk);
      assert.equal(findings[capability].verdict, 'refused');
      // The stand-in answers two requests that are one and the same in one way.
      const others = capability === 'seed' ? ['seed', 'temperature'] : [capability];
      for (const name of ALL.filter((one) => !others.includes(one)))
        assert.equal(findings[name].verdict, 'supported', name);
      assert.ok(isWhole);
    });

  it('is refused only where it is refused again', async () => {
    provider.setFaults(({ attempt, body }) =>
      body?.logprobs && attempt === 1
        ? { status: 400, body: { error: { message: 'Not now.' } } }
        : undefined,
    );
    const endpoint = endpointAt(provider);
    provider.setQuirks([]);
    const { findings } = (await probeCapabilities(endpoint, MODEL, {}))!;
    provider.setFaults(undefined);
    assert.equal(findings.logprobs.verdict, 'supported');
  });

  it('is found out with no more requests at a time than the endpoint may have', async () => {
    await using narrow = await startProvider({ limits: { inFlight: 1 }, latencyMs: 1 });
    const endpoint = endpointAt(narrow, { maxInFlight: 1 });
    assert.ok((await probeCapabilities(endpoint, MODEL, {}))!.isWhole);
    assert.ok(narrow.requests({ kind: 'probe' }).every(({ status }) => status === 200));
  });

  it('includes where it puts its thoughts', async () => {
    const places: [QuirkName, unknown][] = [
      ['parts', 'parts'],
      ['think-inline', 'text'],
      ['think-close-only', 'text-unopened'],
      ['think-separate', 'field'],
      ['think-cut', 'text'],
    ];
    for (const [quirk, place] of places) assert.equal((await probe(quirk)).thoughts, place, quirk);
  });

  it('is not known where nothing is answered in time, and whoever waits may leave', async () => {
    provider.setQuirks([]);
    const endpoint = endpointAt(provider, { requestTimeoutSeconds: 0.1 });
    provider.setFaults(() => ({ status: 418 }));
    assert.equal(await probeCapabilities(endpoint, MODEL, {}), undefined);
    provider.setFaults(() => 'hang');
    const leave = new AbortController();
    const probing = probeCapabilities(endpoint, MODEL, {}, leave.signal);
    await provider.untilRequest({ kind: 'probe' });
    leave.abort(new Error('gone'));
    await assert.rejects(probing, /gone/);
    provider.setFaults(undefined);
  });
});

describe('A list of models', () => {
  const provider = useProvider('suite');

  it('tells how much a model takes, and until when it is there', async () => {
    const listed = async (entry: object) => {
      const body = { data: [{ id: MODEL, ...entry }] };
      provider.setFaults(() => ({ status: 200, body }));
      const [{ name, ...facts } = { name: '' }] = await listModels(endpointAt(provider));
      assert.equal(name, MODEL);
      return facts;
    };
    assert.deepEqual(await listed({}), {});
    for (const field of ['max_model_len', 'context_length', 'max_context_length'])
      assert.deepEqual(await listed({ [field]: 4096 }), { contextLength: 4096 });
    assert.deepEqual(await listed({ meta: { n_ctx: 512 } }), { contextLength: 512 });
    assert.deepEqual(await listed({ context_window: '8192' }), { contextLength: 8192 });
    for (const nothing of [null, 0, -1, 'long', {}, true])
      assert.deepEqual(await listed({ context_length: nothing, shutdown_date: nothing }), {});
    const day = { shutdown: '2027-01-06' };
    assert.deepEqual(await listed({ shutdown_date: '2027-01-06' }), day);
    assert.deepEqual(await listed({ deprecation: '2027-01-06T12:00:00Z' }), day);
    assert.deepEqual(await listed({ shutdown_date: 1799193600 }), day);
  });
});
