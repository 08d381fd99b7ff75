"""Prints, for each number of rows in the arguments after the model's folder, the FLOP/s at which all cores multiply so many
rows each with the matrices of the model's layers, through the BLAS that the engine uses. Best of three."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import mlx.core as mx

CORES = os.cpu_count()


def shapes(config):
    size, inner = config["hidden_size"], config["intermediate_size"]
    groups = size // config["num_attention_heads"] * config["num_key_value_heads"]
    return [(size, size), (size, groups), (size, groups), (size, size), (size, inner), (size, inner), (inner, size)]


def multiply(matrices, rows, barrier):
    with mx.stream(mx.new_stream(mx.default_device())):
        inputs = {len(m): mx.random.normal((rows, len(m))) for m in matrices[0]}
        mx.eval(inputs)
        barrier.wait()
        for layer in matrices:
            mx.eval([inputs[len(m)] @ m for m in layer])
        barrier.wait()


def speed(matrices, rows):
    barrier = threading.Barrier(CORES + 1)
    for _ in range(CORES):
        threading.Thread(target=multiply, args=(matrices, rows, barrier), daemon=True).start()
    barrier.wait()
    start = time.perf_counter()
    barrier.wait()
    taken = time.perf_counter() - start
    return 2 * rows * CORES * sum(m.size for layer in matrices for m in layer) / taken


folder, *counts = sys.argv[1:]
config = json.loads((Path(folder) / "config.json").read_text())
matrices = [[mx.random.normal(s) for s in shapes(config)] for _ in range(config["num_hidden_layers"])]
mx.eval(matrices)
figures = {count: max(speed(matrices, int(count)) for _ in range(3)) for count in counts}
print(json.dumps(figures), flush=True)
os._exit(0)  # the streams of threads that have ended cannot be taken down in order
