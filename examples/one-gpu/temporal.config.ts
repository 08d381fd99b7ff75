// One GPU that serves a model by vLLM and trains it by LLaMA-Factory: docs/one-gpu.md says what to start.
import { defineConfig } from 'semievol';

export default defineConfig({
  endpoints: {
    gpu: {
      baseURL: process.env.VLLM_URL ?? 'http://127.0.0.1:8000/v1',
      trainer: {
        type: 'command',
        taskQueue: 'gpu-1', // of the worker in LLaMA-Factory's container
        tool: 'llama-factory',
        folder: '/training', // there, and in vLLM's container
        models: { 'llama-3.1-8b-instruct': 'meta-llama/Llama-3.1-8B-Instruct' }, // as vLLM is given it
        values: { rank: 16, alpha: 32, learningRate: 1e-4, batchSize: 8, chatTemplate: 'llama3' },
        serving: { type: 'vllm' },
      },
    },
    embeddings: { baseURL: process.env.EMBEDDINGS_URL ?? 'http://127.0.0.1:8001/v1' },
  },
});
