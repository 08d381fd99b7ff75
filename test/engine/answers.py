"""Answers chats by mlx-lm alone, greedily.

Arguments: folder of a model, folder of an adapter or "", and a JSON list of chats (lists of messages).
Prints for each chat a JSON line: {"text", "logprobs"} of at most four tokens, without the one that ends the turn.
"""

import json
import sys

from mlx_lm import load, stream_generate

folder, adapter, chats = sys.argv[1:]
model, tokenizer = load(folder, adapter_path=adapter or None)
for messages in json.loads(chats):
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    steps = [s for s in stream_generate(model, tokenizer, prompt, max_tokens=4) if s.token not in tokenizer.eos_token_ids]
    logprobs = [s.logprobs[s.token].item() for s in steps]
    print(json.dumps({"text": "".join(s.text for s in steps), "logprobs": logprobs}))
