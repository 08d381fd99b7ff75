import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { allTroubles, lasting } from '../../core/trouble.ts';

const held = (endpoint: string, more: string) =>
  `endpoint "${endpoint}" answered 503; held back since 03:00:00 UTC, ${more}`;

describe('what holds work up', () => {
  it('has a line for each that does, however many it holds up', () => {
    const [lab, again] = [held('lab', 'next at 03:01:00 UTC'), held('lab', 'next at 03:02:00 UTC')];
    const cloud = held('cloud', 'asked 3 times since, next at 03:01:00 UTC');
    assert.equal(allTroubles([lab, undefined, `${cloud}\n${again}`]), `${lab}\n${cloud}`);
    assert.equal(allTroubles([undefined]), undefined);
  });

  it('is the same while nothing changes but how often it was tried', () => {
    const line = 'endpoint "lab" answered 503; held back since 03:00:00 UTC';
    assert.equal(lasting(held('lab', 'next at 03:01:00 UTC')), line);
    assert.equal(lasting(held('lab', 'asked 3 times since, next at 03:01:00 UTC')), line);
    assert.equal(lasting('the store is full'), 'the store is full');
  });
});
