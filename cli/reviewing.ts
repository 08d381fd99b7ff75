import pc from 'picocolors';
import type { ReviewDesk } from '../client/index.ts';
import type { Arrived } from '../core/living/arrival.ts';
import { count, percent } from '../core/report/format.ts';
import type { Judgement } from '../core/review/review.ts';
import type { ToReview } from '../core/review/shown.ts';
import { printable } from '../core/text.ts';

/** Examples that are taken at a time, and handed over together: so far back goes undo. */
const BATCH = 20;
const KEYS = 'e type an answer · b bad example · s skip · u undo · q quit';

/** Where a reviewer's keys come from. */
export interface ReviewInput {
  /** The next key, or line where there is no keyboard; undefined at the end. */
  key(): Promise<string | undefined>;
  /** A line that is typed. */
  line(prompt: string): Promise<string | undefined>;
  /** Nothing more is read. */
  close(): void;
}

/** What somebody has said in one sitting. */
export interface Sitting {
  answers: number;
  bad: number;
  skipped: number;
  /** What came of what was handed over, batch by batch. */
  arrived: Arrived[];
  /** Whether there was anything to review. */
  hadAny: boolean;
}

/** Asks about example after example until there are no more, or the reviewer has enough of it. */
export async function reviewAll(
  desk: Pick<ReviewDesk, 'take' | 'read' | 'say' | 'handIn'>,
  input: Pick<ReviewInput, 'key' | 'line'>,
  write: (text: string) => void,
): Promise<Sitting> {
  const sitting: Sitting = { answers: 0, bad: 0, skipped: 0, arrived: [], hadAny: false };
  for (let hasEnough = false; !hasEnough; ) {
    const examples = await desk.take(BATCH);
    if (examples.length === 0) break;
    sitting.hadAny = true;
    const said: Judgement[] = [];
    while (said.length < examples.length) {
      const one = examples[said.length]!;
      write(shown(one, said.length + 1, examples.length));
      const judgement = await judgementOn(one, desk, input, write);
      if (judgement === undefined) {
        hasEnough = true;
        break;
      }
      if (judgement.verdict !== 'undo') {
        await desk.say(one, judgement);
        said.push(judgement);
      } else if (said.pop()) await desk.say(examples[said.length]!, judgement);
      else write('there is nothing to undo: what came before is handed over already');
    }
    for (const { verdict } of said)
      sitting[verdict === 'answer' ? 'answers' : verdict === 'bad' ? 'bad' : 'skipped']++;
    const arrived = await desk.handIn();
    if (arrived) sitting.arrived.push(arrived);
  }
  return sitting;
}

/** What the reviewer says of an example; undefined where they have enough. */
async function judgementOn(
  one: ToReview,
  desk: Pick<ReviewDesk, 'read'>,
  input: Pick<ReviewInput, 'key' | 'line'>,
  write: (text: string) => void,
): Promise<Judgement | undefined> {
  for (;;) {
    const key = await input.key();
    if (key === undefined || key === 'q') return undefined;
    if (key === 'b') return { verdict: 'bad' };
    if (key === 's') return { verdict: 'skip' };
    if (key === 'u') return { verdict: 'undo' };
    const choice = one.choices[Number(key) - 1];
    if (choice) return { verdict: 'answer', answer: choice.answer };
    const typed = key === 'e' ? await input.line('answer: ') : key.length > 1 ? key : undefined;
    const read = typed?.trim() ? desk.read(typed, one) : undefined;
    if (read && 'answer' in read) return { verdict: 'answer', answer: read.answer };
    write(read ? printable(read.problem) : keysOf(one));
  }
}

function shown(one: ToReview, place: number, of: number): string {
  const { example } = one;
  const parts = [
    ...(example.before ?? []).map(({ role, content }) => `${role}: ${content}`),
    ...(example.context === undefined ? [] : [example.context]),
    example.question,
    ...optionsOf(one),
  ];
  return [
    '',
    pc.bold(`${place} of ${of}`) + pc.dim(` · ${printable(whyOf(one))}`),
    ...parts.map(printable),
    ...one.choices.map(({ text }, index) => `  ${pc.bold(`${index + 1}`)} ${printable(text)}`),
    pc.dim(keysOf(one)),
  ].join('\n');
}

/** Options that are none of the choices. */
const optionsOf = ({ example: { options = [] }, choices }: ToReview): string[] =>
  choices.some(({ text }) => text.endsWith(options[0] ?? '\n')) ? [] : options;

const keysOf = ({ choices }: ToReview): string =>
  `${choices.length > 0 ? `1–${choices.length} choose · ` : ''}${KEYS}`;

/** Why it is asked about, without what models take for the answer: that would lead. */
function whyOf({ suspicion, teaching, example }: ToReview): string {
  if (suspicion)
    return `labelled "${example.answer}", which models and neighbours speak against: is it right?`;
  const { disagreement, nearness } = teaching!;
  const apart = disagreement > 0 ? `${percent(disagreement)} of the models disagree, ` : '';
  return `${apart}${percent(nearness)} of the way to the cut-off of selection`;
}

/** What came of a sitting, in words. */
export function sittingText({ answers, bad, skipped, arrived, hadAny }: Sitting): string {
  if (!hadAny)
    return 'there is nothing to review: all that the last round has ranked is reviewed, or somebody has it just now; the next round ranks anew';
  const said = `${count(answers)} answered, ${count(bad)} bad, ${count(skipped)} skipped.`;
  return [said, ...arrivalText(arrived)].join(' ');
}

/** What arrivals have changed in the data set. */
export function arrivalText(arrived: readonly Arrived[]): string[] {
  if (arrived.length === 0) return [];
  const sum = (of: 'added' | 'removed', split: 'labelled' | 'unlabelled' | 'test') =>
    arrived.reduce((total, one) => total + one[of][split], 0);
  const added = sum('added', 'labelled') + sum('added', 'test');
  const removed = sum('removed', 'labelled') + sum('removed', 'unlabelled');
  return [
    `The next round has ${count(added)} more rows with an answer, and ${count(removed)} rows fewer that were unlabelled, answered otherwise, or bad.`,
  ];
}
