// A kind of task and a collaborator of one's own. Copy this folder into a project with semievol, and there
//   npx semievol dev
// and, in another terminal,
//   npx semievol run tickets.yaml --follow
import { defineConfig } from 'semievol';
import { keywords } from './keywords.ts';
import { urgency } from './urgency.ts';

export default defineConfig({
  extensions: { tasks: [urgency], collaborators: [keywords] },
});
