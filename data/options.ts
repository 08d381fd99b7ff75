import { isObject } from '../core/json.ts';
import { textOf } from './text.ts';

/** The options of a row. */
export interface Options {
  texts: string[];
  /** What the row calls them ("A", "1"), where it says so. */
  names?: string[];
}

/**
 * Options from a list, from `{text, label}` with a list in each, from a list of such pairs, or from
 * JSON of these; undefined where there are none, null where it is something else.
 */
export function optionsOf(value: unknown): Options | undefined | null {
  if (typeof value === 'string') {
    if (value.trim() === '') return undefined;
    try {
      return optionsOf(JSON.parse(value));
    } catch {
      return null;
    }
  }
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) {
    if (value.length === 0 || !value.every(isPair)) return { texts: texts(value) };
    return {
      texts: texts(value.map(({ text }) => text)),
      names: value.map(({ label }) => name(label)),
    };
  }
  if (!isObject(value) || !Array.isArray(value.text)) return null;
  const { text, label } = value;
  if (!Array.isArray(label) || label.length !== text.length) return { texts: texts(text) };
  return { texts: texts(text), names: label.map(name) };
}

const isPair = (value: unknown): value is { text: unknown; label: unknown } =>
  isObject(value) && 'text' in value && 'label' in value;

const name = (label: unknown) => String(label).trim();
const texts = (list: unknown[]) => list.map((option) => textOf(option) ?? '');
