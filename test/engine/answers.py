"""Answers chats by mlx-lm alone, greedily.

Arguments: a JSON list of models (folder, and folder of an adapter or null), and one of chats (lists of messages).
Prints for each model a JSON line: for each chat {"text", "logprobs"} of at most four tokens, without the one that ends the turn.
"""

import json
import sys

from mlx_lm import load, stream_generate



def answer(model, tokenizer, messages):
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    steps = [s for s in stream_generate(model, tokenizer, prompt, max_tokens=4) if s.token not in tokenizer.eos_token_ids]
    return {"text": "".join(s.text for s in steps), "logprobs": [s.logprobs[s.token].item() for s in steps]}


models, chats = map(json.loads, sys.argv[1:])
for folder, adapter in models:
    loaded = load(folder, adapter_path=adapter)
    print(json.dumps([answer(*loaded, messages) for messages in chats]))
