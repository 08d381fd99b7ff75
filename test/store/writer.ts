/** A process of its own that appends answers, started by a message: see `startWriters`. */
import { once } from 'node:events';
import { openStore } from '../../store/store.ts';
import { answer } from './support.ts';

const [location, runName, appends, id] = process.argv.slice(2) as [string, string, string, string];
const store = await openStore(JSON.parse(location));
const run = await store.run(runName, 'data');
process.send?.('ready');
await once(process, 'message');
for (let batch = 0; batch < Number(appends); batch++) {
  const own = Array.from({ length: 10 }, (_, index) =>
    answer(1_000 + batch * 10 + index, { collaborator: id, model: id }),
  );
  await run.addAnswers([...own, answer(batch + 100, { collaborator: 'shared', model: id })], 1);
}
process.disconnect();
