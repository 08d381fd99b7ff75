/** Looks at a job once, as a worker does, says so, and lives on. */
import { Trainers } from '../../../providers/trainers/index.ts';
import { endpointAt } from '../support.ts';

const { spec, jobId, order } = JSON.parse(process.argv[2]!);
const trainers = new Trainers();
const endpoint = endpointAt(
  { baseURL: 'http://127.0.0.1:9/v1' },
  { trainer: trainers.spec.parse(spec) },
);
await trainers.of(endpoint).poll(jobId, order);
process.stdout.write('looked\n');
setInterval(() => {}, 60_000);
