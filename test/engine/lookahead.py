"""Prints what engine/python/lookahead.py has mlx's count of tasks begin with, how many more are under way when a long chain of
products has been handed out, and what the count is when all are done."""

import json
import sys

sys.path.insert(0, sys.argv[1])

import cpu  # noqa: F401, which allows more
import mlx.core as mx
from lookahead import tasks_under_way

count = tasks_under_way()
begun = count.value
chain = matrix = mx.full((512, 512), 1 / 512)
for _ in range(200):
    chain = chain @ matrix
mx.async_eval(chain)
under_way = count.value - begun
mx.eval(chain)
mx.synchronize()
print(json.dumps([begun, under_way, count.value]))
