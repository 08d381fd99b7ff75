import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FileCounts } from '../../core/ingestReport.ts';
import { markdown } from '../../core/report/markdown.ts';
import { segmentSections } from '../../core/report/segments.ts';

const none = { labelled: 0, unlabelled: 0, test: 0 };

describe('What came to a run', () => {
  it('has a row a segment, with what was left out of it', () => {
    const file: FileCounts = {
      ...{ split: 'labelled', file: 'june.csv', rows: 9, kept: 5, superseding: 2 },
      ...{ repeated: 4, inTest: 0, inLabelled: 0, bad: {}, limited: false },
    };
    const shown = markdown(
      segmentSections([
        {
          ...{ number: 1, at: '2026-06-01T12:00:00.000Z' },
          added: { ...none, labelled: 5 },
          removed: { ...none, labelled: 2, unlabelled: 1 },
          report: { files: [file], problems: [] },
        },
      ]),
    );
    assert.match(shown, /Data that came/);
    const [row] = shown.split('\n').filter((line) => line.includes('2026-06-01'));
    const cells = row!.split('|').map((cell) => cell.trim());
    assert.deepEqual(cells.slice(1, -1), [
      ...['1', '2026-06-01 12:00:00 UTC', '5', '–', '–', '3', '2', '4'],
    ]);
  });

  it('is not shown where nothing came', () => {
    assert.deepEqual(segmentSections([]), []);
  });
});
