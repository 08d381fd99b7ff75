import {
  CAPABILITIES,
  type Capability,
  isLacking,
  type KnownCapabilities,
  type ThoughtsPlace,
} from '../capabilities.ts';
import { count } from './format.ts';
import { type Section, tableOf } from './section.ts';

/** What was found out of a model, and what the configuration calls its endpoint. */
export interface ModelCapabilities extends KnownCapabilities {
  endpoint: string;
}

const THOUGHTS: Record<ThoughtsPlace, string> = {
  field: 'thinks, in a field of its own',
  parts: 'thinks, in parts of the content',
  text: 'thinks, in the text between marks',
  'text-unopened': 'thinks, in the text before a closing mark',
};

/** What models are capable of, a section each, with what is done instead of what they lack. */
export function capabilitySections(models: readonly ModelCapabilities[]): Section[] {
  return models.map((model) => {
    const { findings } = model;
    const names = Object.keys(CAPABILITIES) as Capability[];
    const table = tableOf(names, [
      { title: 'capability', kind: 'text', of: (name) => name },
      { title: '', kind: 'text', of: (name) => findings[name].verdict },
      { title: 'because', kind: 'text', of: (name) => findings[name].detail ?? '' },
    ]);
    const instead = names
      .filter((name) => isLacking(findings[name]))
      .map((name) => `${name}: ${CAPABILITIES[name].fallback}`);
    return {
      title: `Model ${model.model} at endpoint ${model.endpoint}`,
      blocks: [factsOf(model), table, ...instead],
    };
  });
}

function factsOf({
  thoughts,
  contextLength,
  shutdown,
  way,
  probedAt,
  isWhole,
}: ModelCapabilities): string {
  const asked = Object.entries(way).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [
    ...(thoughts === undefined ? [] : [thoughts ? THOUGHTS[thoughts] : 'does not think']),
    ...(contextLength === undefined ? [] : [`${count(contextLength)} tokens of context`]),
    ...(shutdown === undefined ? [] : [`is shut down on ${shutdown}`]),
    ...(asked.length > 0 ? [`asked with ${asked.join(', ')}`] : []),
    `found out on ${probedAt.slice(0, 10)}${isWhole ? '' : ', in part'}`,
  ].join('; ');
}
