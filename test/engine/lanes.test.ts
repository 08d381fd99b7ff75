import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { PythonService } from '../../engine/pythonProcess.ts';
import { mlxEnvironment, program } from '../../engine/settings.ts';
import { ensureEngine } from '../../engine/setup.ts';

/** What of a request decides when it is taken, and a model, which does not. */
interface Asked {
  name: string;
  rows: number;
  tokens: number;
  columns: number;
  adapter?: string;
}

/** What happens to lanes; see lanes.py. */
type Step =
  | { put: Asked }
  | { take: number }
  | { wait: number }
  | { end: number; rows: number }
  | { cancel: string };

interface Lanes {
  lanes: number;
  mostRows: number;
  mostColumns: number;
}

interface Outcome {
  /** Names of what each take gave. */
  taken: string[][];
  /** Names of those that were told while they ran. */
  cancelled: string[];
  stepTokens: number;
}

const WIDE: Lanes = { lanes: 2, mostRows: 64, mostColumns: 100_000 };
const ALL = 1_000;

const put = (name: string, of: Partial<Asked> = {}): Step => ({
  put: { ...{ name, rows: 1, tokens: 10, columns: 30 }, ...of },
});
const puts = (names: string): Step[] => [...names].map((name) => put(name));
const take = (lane: number): Step => ({ take: lane });
const end = (lane: number, rows = ALL): Step => ({ end: lane, rows });

describe('engine: requests that wait for lanes', () => {
  let service: PythonService;

  before(async () => {
    await ensureEngine();
    service = new PythonService(
      {
        program: path.join(import.meta.dirname, 'lanes.py'),
        args: [path.dirname(program('serve'))],
        env: mlxEnvironment(),
      },
      () => {},
    );
  });
  after(() => service.close());

  const ask = async (
    { lanes, mostRows, mostColumns }: Lanes,
    what: { steps: Step[] } | { race: Asked[] },
  ): Promise<Outcome> => {
    const limits = { lanes, most_rows: mostRows, most_columns: mostColumns };
    const { taken, cancelled, step_tokens } = await service.request({ ...limits, ...what });
    return { taken, cancelled, stepTokens: step_tokens };
  };
  const run = (steps: Step[], lanes: Partial<Lanes> = {}) => ask({ ...WIDE, ...lanes }, { steps });
  /** What each take gives, the names in one word. */
  const taken = async (steps: Step[], lanes: Partial<Lanes> = {}) =>
    (await run(steps, lanes)).taken.map((names) => names.join(''));

  it('are shared evenly by lanes that have nothing to do', async () => {
    const steps = [...puts('abcdefgh'), take(0), take(1)];
    assert.deepEqual(await taken(steps), ['abcd', 'efgh']);
  });

  it('do not pile up in the lane that looks first, one by one as they come', async () => {
    const steps = [...'abcdef'].flatMap((name) => [put(name), take(0)]);
    const given = await taken([...steps, take(1)]);
    assert.deepEqual(given.slice(0, 5), ['a', '', 'b', '', 'c']);
    assert.equal(given.at(-1), 'def');
  });

  it('go to the lane that has fewer rows', async () => {
    const busy = [...puts('abcdefgh'), take(0), take(1), end(1, 3), ...puts('ijk')];
    assert.deepEqual((await taken([...busy, take(1), take(0)])).slice(2), ['ijk', '']);
  });

  it('join a batch that is running, and make it no larger than it may be', async () => {
    const steps = [put('a', { rows: 2 }), take(0), put('b'), put('c'), take(0), end(0, 2), take(0)];
    assert.deepEqual(await taken(steps, { lanes: 1, mostRows: 3 }), ['a', 'b', 'c']);
  });

  it('are taken in the order in which they come, whatever models they are for', async () => {
    const of = (name: string, adapter: string) => put(name, { adapter });
    const steps = [of('a', 'one'), take(0), of('b', 'two'), of('c', 'one'), of('d', 'three')];
    assert.deepEqual(await taken([...steps, take(0)], { lanes: 1 }), ['a', 'bcd']);
  });

  it('are read in steps of so many tokens, a longer one alone', async () => {
    const { stepTokens } = await run([]);
    const of = (name: string, share: number) =>
      put(name, { tokens: Math.floor(share * stepTokens) });
    const lengths = [of('a', 0.5), of('b', 0.5), of('c', 0.1), of('d', 2), of('e', 0.1)];
    const idle = [0, 1, 2, 3].flatMap(() => [take(0), end(0)]);
    assert.deepEqual(await taken([...lengths, ...idle], { lanes: 1 }), ['ab', 'c', 'd', 'e']);
    const running = [take(0), take(0), take(0), end(0), take(0)];
    const beside = await taken([...lengths, ...running], { lanes: 1 });
    assert.deepEqual(beside, ['ab', 'c', '', 'd'], 'rows that run wait for no long prompt');
  });

  it('have room together, however wide they may become; one too wide goes alone', async () => {
    const of = (name: string, columns: number) => put(name, { columns });
    const steps = [of('a', 50), of('b', 40), of('c', 60), of('d', 500), of('e', 10)];
    const idle = [0, 1, 2, 3].flatMap(() => [take(0), end(0)]);
    const given = await taken([...steps, ...idle], { lanes: 1, mostColumns: 100 });
    assert.deepEqual(given, ['ab', 'c', 'd', 'e']);
  });

  it('are not taken once cancelled, and told of it while they run', async () => {
    const steps = [...puts('abc'), { cancel: 'b' }, take(0), { cancel: 'a' }, take(0), take(0)];
    const { taken, cancelled } = await run(steps, { lanes: 1 });
    assert.deepEqual(taken, [['a', 'c'], [], []]);
    assert.deepEqual(cancelled, ['a']);
  });

  it('wake a lane that waits for some', async () => {
    assert.deepEqual(await taken([{ wait: 1 }, put('a'), take(1)]), ['a']);
  });

  const asked = fc.record({
    rows: fc.integer({ min: 1, max: 4 }),
    tokens: fc.integer({ min: 1, max: 250 }),
    columns: fc.integer({ min: 1, max: 400 }),
  });
  const limits = fc.record({
    lanes: fc.integer({ min: 1, max: 3 }),
    mostRows: fc.integer({ min: 1, max: 12 }),
    mostColumns: fc.integer({ min: 100, max: 4_000 }),
  });

  it('are each taken once, the next as soon as there is room, whatever comes and ends when', async () => {
    const lane = fc.nat(2);
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.record({ put: asked }) },
      { weight: 4, arbitrary: fc.record({ take: lane }) },
      { weight: 2, arbitrary: fc.record({ end: lane, rows: fc.integer({ min: 1, max: 5 }) }) },
      { weight: 1, arbitrary: fc.record({ cancel: fc.nat() }) },
    );
    await fc.assert(
      fc.asyncProperty(limits, fc.array(act, { maxLength: 60 }), async (given, acts) => {
        const names: string[] = [];
        const steps = acts.map((one): Step => {
          if ('put' in one) {
            names.push(`${names.length}`);
            return put(names.at(-1)!, one.put);
          }
          if ('cancel' in one) return { cancel: names[one.cancel % names.length] ?? 'none' };
          if ('take' in one) return take(one.take % given.lanes);
          return end(one.end % given.lanes, one.rows);
        });
        const rest = names.flatMap(() => [take(0), end(0)]);
        const all = [...steps, end(0), ...rest];
        const outcome = await ask(given, { steps: all });
        const left = checkedTakes(given, all, outcome);
        assert.deepEqual(left, [], 'somebody waits for ever');
      }),
      { numRuns: 200 },
    );
  });

  it('are each taken once where lanes look for them at the same time', async () => {
    const requests = fc.array(asked, { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(limits, requests, async (given, made) => {
        const race = made.map((one, index) => ({ ...one, name: `${index}` }));
        const { taken } = await ask(given, { race });
        const names = taken.flat().sort((a, b) => Number(a) - Number(b));
        assert.deepEqual(
          names,
          race.map(({ name }) => name),
        );
      }),
      { numRuns: 30 },
    );
  });
});

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/**
 * Checks each take: the first of those waiting, no more than there is room for beside what runs, and no
 * fewer; at least one where nothing runs.
 * @returns the names of those that wait at the end
 */
function checkedTakes(
  { lanes, mostRows, mostColumns }: Lanes,
  steps: Step[],
  { taken, stepTokens }: Outcome,
): string[] {
  let waiting: Asked[] = [];
  const gone = new Set<string>();
  /** By lane: of each row that runs the request, and the requests that it had when it last took some. */
  const rows: Asked[][] = Array.from({ length: lanes }, () => []);
  const known: Asked[][] = Array.from({ length: lanes }, () => []);
  const takes = taken.values();
  for (const step of steps) {
    if ('put' in step) waiting.push(step.put);
    else if ('end' in step) rows[step.end]!.splice(0, step.rows);
    else if ('cancel' in step) {
      waiting = waiting.filter(({ name }) => name !== step.cancel);
      gone.add(step.cancel);
    } else if ('take' in step) checkTake(step.take, takes.next().value!);
  }
  return waiting.map(({ name }) => name);

  function checkTake(lane: number, names: string[]): void {
    const running = rows[lane]!.filter(({ name }) => !gone.has(name));
    known[lane] = [...new Set(running)];
    const share = Math.ceil(sum([...known.flat(), ...waiting].map((one) => one.rows)) / lanes);
    const fits = (some: Asked[]) => {
      const count = running.length + sum(some.map((one) => one.rows));
      const widest = Math.max(...[...running, ...some].map(({ columns }) => columns));
      return (
        count <= Math.min(share, mostRows) &&
        sum(some.map(({ tokens }) => tokens)) <= stepTokens &&
        count * widest <= mostColumns
      );
    };
    const some = waiting.slice(0, names.length);
    assert.deepEqual(
      names,
      some.map(({ name }) => name),
      'in the order in which they came',
    );
    const least = running.length === 0 && waiting.length > 0 ? 1 : 0;
    assert.ok(names.length >= least, 'an idle lane takes one');
    assert.ok(names.length <= least || fits(some), 'there is room for them');
    const more = waiting.slice(0, names.length + 1);
    const isMost = more.length === names.length || !fits(more);
    assert.ok(isMost, 'there is room for no more');
    waiting = waiting.slice(names.length);
    known[lane].push(...some);
    rows[lane] = [...running, ...some.flatMap((one) => Array<Asked>(one.rows).fill(one))];
  }
}
