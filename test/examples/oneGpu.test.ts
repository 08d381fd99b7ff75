import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { readRunSpec } from '../../cli/specFile.ts';
import { loadConfig } from '../../config/load.ts';
import type { CommandSpec } from '../../providers/trainers/command/spec.ts';
import { useFolder } from '../support/suite.ts';

const FOLDER = resolve(import.meta.dirname, '../../examples/one-gpu');

const SOURCES = new URL('../../workers/index.ts', import.meta.url).href;

interface Service {
  command: string;
  environment?: Record<string, string>;
  volumes?: string[];
}

describe('the example of one GPU', () => {
  const folder = useFolder('suite');
  let services: Record<string, Service>;
  let trainer: CommandSpec;
  before(async () => {
    const compose = await readFile(join(FOLDER, 'compose.yml'), 'utf8');
    services = parse(compose, { merge: true }).services;
    // As it is, but for the package, which is not built here.
    const config = await readFile(join(FOLDER, 'temporal.config.ts'), 'utf8');
    const ours = config.replace("'semievol'", JSON.stringify(SOURCES));
    const { endpoints } = await loadConfig(await folder.write('temporal.config.ts', ours));
    trainer = endpoints.gpu!.trainer as unknown as CommandSpec;
  });
  const argument = ({ command }: Service, name: string) =>
    command.split(/\s+/)[command.split(/\s+/).indexOf(name) + 1];

  it('has vLLM look where the trainer puts its models, over the base that it trains from', async () => {
    const { vllm, trainer: machine } = services;
    const { model, evolve } = await readRunSpec(join(FOLDER, 'fpb.yaml'));
    assert.equal(vllm!.environment!.VLLM_LORA_RESOLVER_CACHE_DIR, `${trainer.folder}/models`);
    for (const { volumes } of [vllm!, machine!])
      assert.ok(volumes!.some((volume) => volume.endsWith(`:${trainer.folder}`)));
    assert.equal(argument(vllm!, '--served-model-name'), model.name);
    assert.equal(argument(vllm!, '--model'), trainer.models[model.name]);
    assert.ok(Number(argument(vllm!, '--max-lora-rank')) >= Number(trainer.values.rank));
    assert.deepEqual(trainer.serving, { type: 'vllm', load: 'resolver' });
    assert.equal(evolve.from, 'warm-up');
  });

  it('has a worker on the queue of the trainer, and addresses of the services', () => {
    assert.equal(argument(services.trainer!, '--task-queue'), trainer.taskQueue);
    for (const { environment } of [services.worker!, services.trainer!]) {
      const { VLLM_URL, EMBEDDINGS_URL } = environment!;
      for (const url of [VLLM_URL!, EMBEDDINGS_URL!]) assert.ok(new URL(url).hostname in services);
    }
  });
});
