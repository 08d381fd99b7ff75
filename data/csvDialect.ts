import { LINE_END, recordAt } from './csvRecord.ts';

/** Separators that are looked for, the first before the others. */
const SEPARATORS = [',', ';', '\t', '|'];
/** Characters at the beginning of a file that show how it is written. */
export const HEAD_SIZE = 64 * 1024;

/** The separator that cuts the header into columns, and most of the first rows into as many. */
export function separatorOf(head: string): string {
  const scored = SEPARATORS.map((separator) => {
    const [columns = [], ...rows] = headRecords(head, separator);
    const fitting = rows.filter((fields) => fits(fields, columns)).length;
    return { separator, columns: columns.length, share: rows.length ? fitting / rows.length : 1 };
  });
  const [best] = scored
    .filter((one) => one.columns > 1)
    .sort((a, b) => b.share - a.share || b.columns - a.columns);
  return best?.separator ?? ',';
}

/** Whether records over several lines are usual in a file, so that they are no sign of a mistake. */
export function hasLongFields(head: string, separator: string): boolean {
  const records = headRecords(head, separator);
  const long = records.filter((fields) => fields.some((field) => LINE_END.test(field))).length;
  return long >= 3 && long >= records.length / 10;
}

function headRecords(head: string, separator: string): string[][] {
  const records: string[][] = [];
  for (let at = 0; at < head.length; ) {
    const found = recordAt(head, at, separator, head.length < HEAD_SIZE);
    if (found === undefined) break;
    if (found.fields && !(found.fields.length === 1 && found.fields[0]!.trim() === ''))
      records.push(found.fields);
    at = found.end;
  }
  return records;
}

/** Spreadsheets write empty cells after the last column, and a column without a name may be short. */
export function fits(fields: string[], columns: string[]): boolean {
  const isBlank = (text: string) => text.trim() === '';
  return fields.slice(columns.length).every(isBlank) && columns.slice(fields.length).every(isBlank);
}
