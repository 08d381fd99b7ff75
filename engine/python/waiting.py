"""Requests that wait, and which of them a lane takes next."""

import threading

from cpu import share_cores

STEP_TOKENS = 192  # of prompts read in one step: enough for full speed, few enough to hold no row up for long


class Waiting:
    """First come, first served, by several threads: `lanes` of them, each with at most `most_rows` rows, and room for
    `most_columns` tokens of these."""

    def __init__(self, lanes, most_rows, most_columns):
        self._most_rows, self._most_columns = most_rows, most_columns
        self._waiting = []
        self._running = [[] for _ in range(lanes)]  # completions by lane
        self._changed = threading.Condition()

    def put(self, completion):
        with self._changed:
            self._waiting.append(completion)
            self._changed.notify_all()

    def cancel(self, id):
        with self._changed:
            self._waiting = [c for c in self._waiting if c.id != id]
            for completion in (c for some in self._running for c in some if c.id == id):
                completion.cancel()

    def take(self, lane, running):
        """What the lane begins now beside `running`, its choices; waits for something when those are none."""
        with self._changed:
            self._running[lane] = list({choice.completion for choice in running})
            while not (chosen := self._chosen(running)) and not running:
                self._share_cores()
                self._changed.wait()
            self._running[lane] += chosen
            self._share_cores()
            self._waiting = [c for c in self._waiting if c not in chosen]
            return chosen

    def _chosen(self, running):
        """The lane's fair share, so that as many rows run in each, within what one step should read. At least one for an
        idle lane."""
        everyone = [c for some in self._running for c in some] + self._waiting
        share = -(-sum(len(c.choices) for c in everyone) // len(self._running))
        most = min(share, self._most_rows)
        rows, tokens, chosen = len(running), 0, []
        widest = max((choice.completion.most_columns for choice in running), default=0)
        for completion in self._waiting:
            rows += len(completion.choices)
            tokens += len(completion.suffix)
            widest = max(widest, completion.most_columns)
            fits = rows <= most and tokens <= STEP_TOKENS and rows * widest <= self._most_columns
            if not fits and (chosen or running):
                break
            chosen.append(completion)
        return chosen

    def _share_cores(self):
        share_cores(max(1, sum(map(bool, self._running))))
