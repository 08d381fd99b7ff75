"""Embeddings for the gateway, over JSON lines.

Arguments: model repository. In: {"id", "texts": [...]}. Out: {"ready": true} once; per request
{"id", "result": {"vectors": base64 of little-endian float32 (texts, dimensions), L2-normalised, "tokens"}}.
"""

import base64
import sys

import numpy as np
from candding import TextEmbedding
from wire import Wire

if __name__ == "__main__":
    wire = Wire()
    model = TextEmbedding(sys.argv[1], revision="main", normalize=True)
    wire.send({"ready": True})
    while True:
        request = wire.receive()
        vectors = np.ascontiguousarray(model.embed(request["texts"]), dtype="<f4")
        tokens = int(sum(model.token_count(request["texts"])))
        result = {"vectors": base64.b64encode(vectors.tobytes()).decode(), "tokens": tokens}
        wire.send({"id": request["id"], "result": result})
