import { condition, setHandler } from '@temporalio/workflow';
import { finalFailure } from '../../core/failures.ts';
import type { GateReport } from '../../core/gate/gateReport.ts';
import type { GateSpec } from '../../core/gate/gateSpec.ts';
import type { Promotion } from '../../core/living/promotion.ts';
import type { Champion } from '../../core/living/runState.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import { oneAfterTheOther } from './inTurn.ts';
import { changeChampion, type Decision, decide } from './messages.ts';

/** A challenger that waits for a person. */
export type Pending = Pick<GateReport, 'challenger'> & Pick<RoundReport, 'round'>;

/** Who is the champion of a run, and how that changes. */
export interface Championship {
  readonly champion: Champion;
  /**
   * The model that the next round starts from: the champion, but of a run that is begun again with nothing
   * kept, which does its first round as it did, whatever has come of that.
   */
  readonly start: string;
  /** The challenger that waits for a person, where one does. */
  readonly pending: Pending | undefined;
  /** Records the spec's model, with which a run begins, unless it has begun before. */
  begin(): Promise<void>;
  /** Goes by a change that is recorded, and by those after it, of which nobody may have been told. */
  hear(change: Promotion): Promise<void>;
  /**
   * Lets the challenger of a round become the champion, where the gate is in favour, and a person
   * where that is wanted. @returns whether it has
   */
  settle(report: RoundReport): Promise<boolean>;
}

/** Records a change of the champion. @returns who is the champion by all that is recorded */
export type Crown = (promotion: Omit<Promotion, 'at'>) => Promise<Champion>;

const HOUR = 3_600_000;

/**
 * Takes the words of people on the champion. Call it before the first await.
 * @param changed called when a person has changed the champion; the end of a round tells of the others
 * @param show called when a person is waited for, or is no more
 */
export function handleChampionship(
  given: Champion,
  { gate, round }: { gate: GateSpec | undefined; round: number },
  crown: Crown,
  { changed, show }: { changed: () => Promise<unknown>; show: () => void },
): Championship {
  let champion = given;
  let start = given.model;
  let pending: Pending | undefined;
  let decision: Decision | undefined;
  const inTurn = oneAfterTheOther();

  const change = (
    model: string,
    by: Pick<Promotion, 'role' | 'by' | 'name' | 'reason'>,
    after: number,
  ) =>
    inTurn(async () => {
      do {
        const number = champion.changes + 1;
        champion = await crown({ number, round: after, model, from: champion.model, ...by });
        show();
        // An execution before this one may have recorded others, and ended before it could keep them.
      } while (champion.model !== model);
      start = model;
    });

  setHandler(
    changeChampion,
    async ({ model, name, reason }) => {
      await change(model, { role: 'chosen', by: 'person', name, reason }, round - 1);
      await changed();
      return { champion: champion.model };
    },
    {
      validator({ model, name, reason }) {
        if (!model) throw refused('it names no model');
        assertSigned(name, reason);
        if (model === champion.model) throw refused(`${model} is the champion already`);
      },
    },
  );
  setHandler(
    decide,
    (given) => {
      decision = given;
    },
    {
      validator({ round: about, name, reason }) {
        assertSigned(name, reason);
        if (!pending) throw refused('no challenger waits for a person');
        if (about !== pending.round)
          throw refused(`it is the challenger of round ${pending.round} that waits`);
        if (decision) throw refused(`${decision.name} has decided already`);
      },
    },
  );

  /** What a person says of the challenger; undefined where nobody has in time. */
  const wordOn = async (challenger: Pending): Promise<Decision | undefined> => {
    pending = challenger;
    show();
    const { changes } = champion;
    // Who makes another model the champion meanwhile has decided, too.
    const isDecided = () => decision !== undefined || champion.changes !== changes;
    if (gate?.waitHours === undefined) await condition(isDecided);
    else await condition(isDecided, gate.waitHours * HOUR);
    pending = undefined;
    show();
    return decision;
  };

  return {
    get champion() {
      return champion;
    },
    get start() {
      return start;
    },
    get pending() {
      return pending;
    },
    async begin() {
      await inTurn(async () => {
        champion = await crown({
          ...{ number: 0, round: 0, model: champion.model, role: 'base', from: null },
          ...{ by: 'gate', name: null, reason: 'the run begins with it' },
        });
      });
    },
    async hear(unheard) {
      await inTurn(async () => {
        champion = await crown(unheard);
        start = champion.model;
        show();
      });
    },
    async settle({ gate: report, round: ended }) {
      if (report?.verdict !== 'promote') return false;
      const { challenger, reason } = report;
      // Crowned already, by a person, or before the run was ended early.
      if (champion.model === challenger.model) return true;
      const word =
        gate?.approval === 'person' ? await wordOn({ challenger, round: ended }) : undefined;
      const isApproved =
        word?.approve ?? (gate?.approval !== 'person' || gate.afterWait === 'promote');
      // Whom a person has chosen meanwhile was not compared with the challenger.
      if (!isApproved || champion.model !== report.champion) return false;
      const { role, model } = challenger;
      const by = word
        ? ({ by: 'person', name: word.name, reason: word.reason } as const)
        : ({ by: 'gate', name: null, reason } as const);
      await change(model, { role, ...by }, ended);
      return true;
    },
  };
}

function assertSigned(name: string, reason: string): void {
  if (!name?.trim() || !reason?.trim())
    throw refused('it needs the name of who decides, and a reason');
}

const refused = (why: string) => finalFailure('ChampionRefused', `the champion stays: ${why}`);
