import type { Folder } from '../support/folder.ts';

/** A row of a CSV file. */
const row = (...cells: unknown[]) =>
  cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',');
const four = JSON.stringify(['no sound', 'a low hum', 'a "click"', 'a rattle, then none']);
const ten = JSON.stringify(Array.from({ length: 10 }, (_, index) => `the case ${index + 1}`));
const verdicts = JSON.stringify(['No', 'Maybe', 'Yes']);
const moods = JSON.stringify(['negative', 'neutral', 'positive']);

/**
 * For each task the header line of the authors' files, and rows as they have them: the `n`-th of a
 * split, with texts of our own.
 */
export const LAYOUTS: Record<
  string,
  { header: string; rowOf(n: number, question: string): string }
> = {
  mmlu: {
    header: 'Unnamed: 0,question,answer,Subject,options',
    rowOf: (n, question) => row(n, question, 'ABCD'[n % 4], 'machine_room', four),
  },
  'mmlu-pro': {
    header: 'question_id,question,options,answer,answer_index,cot_content,category,src',
    rowOf: (n, question) =>
      row(n, question, ten, 'JABCDEFGHI'[n % 10], (n + 9) % 10, "A: Let's see.", 'other', 'own'),
  },
  arc: {
    header: 'id,question,answer,options',
    // Some answers of ARC are digits.
    rowOf: (n, question) => row(`OWN_${n}`, question, n === 3 ? '4' : 'ABCD'[n % 4], four),
  },
  fpb: {
    header: 'question,gt,options,answer',
    rowOf: (n, question) =>
      row(`What is the sentiment of:\n${question}`, JSON.parse(moods)[n % 3], moods, 'ABC'[n % 3]),
  },
  usmle: {
    header: 'question,options,meta_info,answer',
    rowOf: (n, question) => row(question, four, n % 2 ? 'step1' : 'step2&3', 'ABCD'[n % 4]),
  },
  pubmedqa: {
    header: 'id,question,options,answer',
    rowOf: (n, question) =>
      row(n, `(Methods) We listened.\n${question}\nOptions:\n- Yes`, verdicts, 'ABC'[n % 3]),
  },
  convfinqa: {
    header: 'question,answer',
    rowOf: (n, question) =>
      row(
        `| | 2019 | 2018 |\n| revenue | 1,20${n} | 980 |\n${question}`,
        ['14.1%', '1,205.5', '-3', '(12)'][n % 4],
      ),
  },
};

/**
 * Writes a task's files in the authors' layout.
 * @param rows how many there are of each file
 */
export async function writeLayout(
  { write }: Folder,
  task: string,
  rows: Record<'labeled' | 'unlabeled' | 'test', number>,
): Promise<void> {
  const { header, rowOf } = LAYOUTS[task]!;
  for (const [split, count] of Object.entries(rows)) {
    const lines = Array.from({ length: count }, (_, n) =>
      rowOf(n, `What did engine ${n} of ${task} do in the ${split} hour?`),
    );
    await write(`${split}.csv`, [header, ...lines, ''].join('\n'));
  }
}
