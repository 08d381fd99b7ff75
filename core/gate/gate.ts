import { percent } from '../report/format.ts';
import type { Comparison } from '../statistics.ts';
import type { Part } from '../tasks/task.ts';
import { quoted } from '../text.ts';
import type { ModelRole, PerModel } from '../types.ts';
import type {
  Candidate,
  ChallengerRole,
  GateReport,
  GateTest,
  GroupKind,
  Veto,
} from './gateReport.ts';
import type { GateSpec } from './gateSpec.ts';

/** Vetoes that a report names. */
const NAMED = 20;
/** Shares closer than this are equal: they were divided otherwise. */
const ROUNDING = 1e-9;

/** What the models of a round came to on the same examples, by the first metric. */
export interface Standings {
  models: PerModel<string>;
  /** How many they were graded on. */
  examples: number;
  /** Of 0 to 1; null where nothing was to get. */
  share(role: ModelRole): number | null;
  compare(first: ModelRole, second: ModelRole): Comparison;
  /** The better SFT. */
  sft: Exclude<ChallengerRole, 'semievol'>;
  /** What each got on the examples of each class and category; there may be none of either. */
  groups: readonly Group[];
}

/** The examples of a class, or of a category. */
export interface Group {
  of: GroupKind;
  label: string;
  examples: number;
  partOf(role: ModelRole): Part;
}

/** The role of the champion before the round. */
export const championRole = ({ champion }: PerModel<unknown>): 'champion' | 'vanilla' =>
  champion === undefined ? 'vanilla' : 'champion';

/**
 * Whether a model of a round takes the champion's place: the better of SemiEvol and SFT, where it is
 * better than the champion by the paired test, by as much as the spec wants, and no class or category
 * loses more than it may.
 * @param gate where the spec has none, SemiEvol is the challenger, whatever SFT comes to
 * @param confidence what the tests have to reach, 0 to 1
 */
export function throughGate(
  standings: Standings,
  gate: GateSpec | undefined,
  confidence: number,
): GateReport {
  const { models } = standings;
  const champion = championRole(models);
  const isSure = ({ gain, comparison }: GateTest) =>
    gain !== null && gain > 0 && comparison.pValue <= 1 - confidence;
  const challenger = challengerOf(standings, gate, isSure);
  const test = (against: 'champion' | 'sft') =>
    testOf(standings, challenger.role, against, against === 'sft' ? standings.sft : champion);
  const againstChampion = test('champion');
  const { vetoes, tooFew } = vetoesOf(standings, { challenger: challenger.role, champion }, gate);
  const obstacle = obstacleOf(againstChampion, vetoes, gate, isSure(againstChampion));
  const hasRival = challenger.role === 'semievol' && !isChampion(standings.sft, models);
  return {
    champion: models[champion]!,
    challenger,
    verdict: obstacle === undefined ? 'promote' : 'keep',
    tests: [againstChampion, ...(hasRival ? [test('sft')] : [])],
    vetoes: vetoes.slice(0, NAMED),
    tooFew,
    reason: obstacle ?? 'it is better than the champion by the paired test',
  };
}

/** A model that has learned from labelled examples alone may be the champion of an earlier round. */
const isChampion = (role: ModelRole, models: PerModel<string>): boolean =>
  models[role] === models[championRole(models)];

function challengerOf(
  standings: Standings,
  gate: GateSpec | undefined,
  isSure: (test: GateTest) => boolean,
): Candidate {
  const { models, sft } = standings;
  if (!gate || isChampion(sft, models)) return { role: 'semievol', model: models.semievol };
  const overSft = testOf(standings, 'semievol', 'sft', sft);
  const isBetter = gate.overSft === 'surely' ? isSure(overSft) : (overSft.gain ?? 0) >= 0;
  const role = isBetter ? 'semievol' : sft;
  return { role, model: models[role]! };
}

function testOf(
  { models, examples, share, compare }: Standings,
  challenger: ChallengerRole,
  against: GateTest['against'],
  role: ModelRole,
): GateTest {
  const [own, other] = [share(challenger), share(role)];
  return {
    ...{ against, model: models[role]!, examples },
    gain: own === null || other === null ? null : own - other,
    comparison: compare(challenger, role),
  };
}

/** The classes and categories that lose more than they may, the greatest losses first. */
function vetoesOf(
  { groups }: Standings,
  { challenger, champion }: { challenger: ModelRole; champion: ModelRole },
  gate: GateSpec | undefined,
): Pick<GateReport, 'vetoes' | 'tooFew'> {
  const tooFew = { class: 0, category: 0 };
  if (!gate?.veto) return { vetoes: [], tooFew };
  const { maximumLoss, leastRows } = gate.veto;
  for (const { of, examples } of groups) if (examples < leastRows) tooFew[of]++;
  const vetoes = groups
    .filter(({ examples }) => examples >= leastRows)
    .map(({ of, label, examples, partOf }) => {
      const [now, before] = [partOf(challenger), partOf(champion)];
      return { of, label, examples, loss: before.got / before.of - now.got / now.of };
    })
    .filter(({ loss }) => loss > maximumLoss + ROUNDING)
    .sort((a, b) => b.loss - a.loss);
  return { vetoes, tooFew };
}

/** Why the challenger does not take the place; undefined where it does. */
function obstacleOf(
  { gain }: GateTest,
  vetoes: readonly Veto[],
  gate: GateSpec | undefined,
  isSure: boolean,
): string | undefined {
  if (gain === null || gain <= 0) return 'it is no better than the champion';
  if (!isSure) return 'the paired test leaves open whether it is better than the champion';
  if (gain < (gate?.minimumGain ?? 0) - ROUNDING)
    return 'it gains less on the champion than gate.minimumGain';
  const [worst] = vetoes;
  return worst && namedReason(worst);
}

const namedReason = (veto: Veto): string =>
  vetoReason(veto, `the ${veto.of} ${quoted(veto.label)}`);

const vetoReason = ({ loss }: Veto, loser: string): string =>
  `${loser} loses ${percent(loss)}, more than gate.veto.maximumLoss`;

/**
 * What histories may hold of it: no texts of the data, as names of categories are; those of classes
 * are in the spec.
 */
export function withoutCategories(gate: GateReport): GateReport {
  const [worst] = gate.vetoes;
  const isUnnamed = worst?.of === 'category' && gate.reason === namedReason(worst);
  return {
    ...gate,
    vetoes: gate.vetoes.filter(({ of }) => of !== 'category'),
    ...(isUnnamed && { reason: vetoReason(worst, 'a category') }),
  };
}
