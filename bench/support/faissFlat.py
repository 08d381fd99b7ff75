"""Exact search by inner product with faiss, as the authors of SemiEvol do it.

Arguments: files of the labelled vectors and of the queries (little-endian float32, row by row),
dimensions, k, queries a batch. Writes JSON: {"seconds": of all queries, "cpuSeconds": likewise, of
all processors together, "neighbours": the k row numbers of each query}.
"""

import json
import sys
import time

import faiss
import numpy as np


def read(file, dimensions):
    return np.fromfile(file, dtype="<f4").reshape(-1, dimensions)


if __name__ == "__main__":
    dimensions, k, batch = (int(argument) for argument in sys.argv[3:])
    labelled, queries = (read(file, dimensions) for file in sys.argv[1:3])
    index = faiss.IndexFlatIP(dimensions)
    index.add(labelled)
    index.search(queries[:batch], k)
    start, cpu_before = time.perf_counter(), time.process_time()
    found = [index.search(queries[i : i + batch], k)[1] for i in range(0, len(queries), batch)]
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_before
    neighbours = np.concatenate(found).tolist()
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds, "neighbours": neighbours}))
