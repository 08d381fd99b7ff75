export { evaluate } from './evaluate.ts';
export { evolve } from './evolve.ts';
export { fineTune } from './fineTune.ts';
export { pause, resume } from './messages.ts';
export { propagate } from './propagate.ts';
export { round } from './round.ts';
