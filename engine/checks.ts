import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { isReady } from './environment.ts';
import { describe, lookAt, type ModelsConfig } from './models.ts';
import {
  BASE_MODEL,
  EMBEDDING_MODEL,
  mlxEnvironment,
  PYTHON_EXECUTABLE,
  PYTHON_FOLDER,
} from './settings.ts';
import { ENGINE_ENVIRONMENT } from './setup.ts';

/** One thing that must hold for the engine to work well. */
export interface Check {
  name: string;
  ok: boolean;
  /** What was found. */
  detail: string;
  /** What to do when not ok. */
  remedy?: string;
}

/** GFLOP/s a core below which mlx computes with the reference BLAS (8) and not with MKL or OpenBLAS (100 and more). */
const SLOW_BLAS = 25;

const HOW_TO_SET_UP = 'start "semievol dev", which sets it up';

/** What `doctor` says of the embedded engine. Takes some seconds where there are models of one's own; never throws. */
export const checkEngine = async (config: ModelsConfig = { models: {} }): Promise<Check[]> => {
  const ready = await isReady(ENGINE_ENVIRONMENT);
  return [
    await checkPython(),
    {
      name: 'engine environment',
      ok: ready,
      detail: ready ? PYTHON_FOLDER : 'missing, incomplete or of another version',
      ...(!ready && { remedy: HOW_TO_SET_UP }),
    },
    checkFolder('base model', BASE_MODEL.id, BASE_MODEL.folder),
    checkFolder('embedding model', EMBEDDING_MODEL.id, EMBEDDING_MODEL.hub),
    ...(await checkModels(config)),
    await checkBlas(),
  ];
};

const checkModels = async (config: ModelsConfig): Promise<Check[]> => {
  const nameOf = (name: string) => `model ${name}`;
  if (Object.keys(config.models).length === 0) return [];
  try {
    const { findings } = await lookAt(config);
    return findings.map((one) => ({
      name: nameOf(one.name),
      ok: one.error === undefined,
      detail: one.error ?? describe(one),
    }));
  } catch {
    const unseen = { ok: false, detail: 'mlx-lm does not run', remedy: HOW_TO_SET_UP };
    return Object.keys(config.models).map((name) => ({ name: nameOf(name), ...unseen }));
  }
};

const checkPython = async (): Promise<Check> => {
  const name = 'engine Python';
  const { failed, stdout } = await execa(PYTHON_EXECUTABLE, ['--version'], { reject: false });
  if (!failed) return { name, ok: true, detail: String(stdout) };
  return {
    name,
    ok: false,
    detail: 'none',
    remedy: `Install Python 3.11 or newer, then ${HOW_TO_SET_UP}`,
  };
};

const checkFolder = (name: string, id: string, folder: string): Check =>
  existsSync(folder)
    ? { name, ok: true, detail: id }
    : { name, ok: false, detail: `${id} is not in place`, remedy: HOW_TO_SET_UP };

/**
 * Counted by processor time, so that other work on the machine does not make a fast BLAS look slow;
 * over many products, since the kernel counts it in ticks that one of them may not fill.
 */
const MATMUL = `
import time, mlx.core as mx
times = 20
a = mx.random.normal((512, 1024), stream=mx.cpu)
b = mx.random.normal((1024, 1024), stream=mx.cpu)
product = lambda: mx.eval(mx.matmul(a, b, stream=mx.cpu))
product()
start = time.process_time()
for _ in range(times):
    product()
print(times * 2 * 512 * 1024 * 1024 / (time.process_time() - start) / 1e9)
`;

const checkBlas = async (): Promise<Check> => {
  const name = 'engine BLAS';
  const { failed, stdout } = await execa(PYTHON_EXECUTABLE, ['-c', MATMUL], {
    env: mlxEnvironment(),
    reject: false,
  });
  if (failed) return { name, ok: false, detail: 'mlx does not run', remedy: HOW_TO_SET_UP };
  const speed = Number(stdout);
  const detail = `${speed.toFixed(0)} GFLOP/s a core in float32`;
  if (speed >= SLOW_BLAS) return { name, ok: true, detail };
  return {
    name,
    ok: false,
    detail: `${detail}: the reference BLAS, about 25 times slower than a tuned one`,
    remedy: `On Linux x86-64 delete ${PYTHON_FOLDER}, then ${HOW_TO_SET_UP} with MKL; elsewhere build mlx against OpenBLAS`,
  };
};
