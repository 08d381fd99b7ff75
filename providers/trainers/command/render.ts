import { finalFailure } from '../../../core/failures.ts';

/** What stands in the place of a `{{name}}`. */
export type Value = string | number | boolean;

/** Values by name; undefined for one that there is not this time: a line with it is left out. */
export type Values = Readonly<Record<string, Value | undefined>>;

const PLACEHOLDER = /\{\{\s*([A-Za-z]\w*)\s*\}\}/g;

/** The names that a template or an argument has placeholders for. */
export const namesIn = (text: string): string[] =>
  [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!);

/**
 * A configuration from its template. Each `{{name}}` becomes its value as JSON writes it, which YAML
 * and TOML read alike; a line whose value is not there this time is left out.
 * @param where names the template to people
 * @throws ApplicationFailure `NoFineTuning` for a name that has no value
 */
export function renderConfig(template: string, values: Values, where: string): string {
  return template
    .split('\n')
    .filter((line) => allThere(line, values, where))
    .map((line) => line.replace(PLACEHOLDER, (_, name: string) => written(values[name]!)))
    .join('\n');
}

/**
 * A command from its parts, of which those are left out whose value is not there this time.
 * @throws ApplicationFailure `NoFineTuning` for a name that has no value
 */
export function renderCommand(parts: readonly string[], values: Values, where: string): string[] {
  return parts
    .filter((part) => allThere(part, values, where))
    .map((part) => part.replace(PLACEHOLDER, (_, name: string) => String(values[name])));
}

function allThere(text: string, values: Values, where: string): boolean {
  const names = namesIn(text);
  for (const name of names)
    if (!Object.hasOwn(values, name))
      throw finalFailure(
        'NoFineTuning',
        `${where} has {{${name}}}, for which there is no value: give it one as trainer.values.${name} in temporal.config.ts (known: ${Object.keys(values).sort().join(', ')})`,
      );
  return names.every((name) => values[name] !== undefined);
}

/** YAML 1.1, which Python reads, takes 1e-7 for a text and 1.0e-7 for a number. */
const written = (value: Value): string =>
  typeof value === 'number' ? String(value).replace(/^(-?\d+)e/, '$1.0e') : JSON.stringify(value);
