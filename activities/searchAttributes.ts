import { getClient } from '@temporalio/activity';
import {
  SEARCH_ATTRIBUTE_NAMES,
  SEARCH_ATTRIBUTES,
  type SearchAttributeName,
} from '../core/searchAttributes.ts';
import { tracked } from './progress.ts';

export function createSearchAttributes() {
  return {
    /**
     * Which of our search attributes the namespace has, with our types: a workflow that sets
     * another gets no further. Found out by searches, which every user of a namespace may make.
     */
    async knownSearchAttributes(): Promise<SearchAttributeName[]> {
      return tracked({ total: SEARCH_ATTRIBUTE_NAMES.length, unit: 'attributes' }, async () => {
        const known = await Promise.all(SEARCH_ATTRIBUTE_NAMES.map(isKnown));
        return SEARCH_ATTRIBUTE_NAMES.filter((_, index) => known[index]);
      });
    },
  };
}

const isKnown = (name: SearchAttributeName): Promise<boolean> =>
  getClient()
    .workflow.count(SEARCH_ATTRIBUTES[name] === 'INT' ? `${name} = 1` : `${name} = "x"`)
    .then(
      () => true,
      () => false,
    );
