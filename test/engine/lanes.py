"""Has engine/python/waiting.py deal made-up requests out to lanes, over JSON lines.

Argument: the folder of waiting.py. In: {"id", "lanes", "most_rows", "most_columns"} with one of
  "steps": each {"put": {"name", "rows", "tokens", "columns", "adapter"?}}, {"end": lane, "rows": how many of its rows, the
           oldest}, {"cancel": name}, {"wait": lane}, which lets an idle lane take before there is anything, or {"take": lane},
           which ends that, else takes at once, where a lane would wait nothing;
  "race":  requests as in "put", which come while each lane, a thread of its own, takes and ends what it can.
Out: {"id", "result": {"taken": names by take, in a race in any order, "cancelled": names of those that were told,
     "step_tokens"}}.
"""

import sys
import threading
from queue import SimpleQueue

sys.path.insert(0, sys.argv[1])

from waiting import STEP_TOKENS, Waiting
from wire import Wire


class Choice:
    def __init__(self, completion):
        self.completion = completion


class Completion:
    """What `Waiting` knows of one."""

    def __init__(self, name, rows, tokens, columns, adapter=None):
        self.id, self.adapter = name, adapter
        self.suffix = (0,) * tokens
        self.most_columns = columns
        self.choices = [Choice(self) for _ in range(rows)]
        self.cancelled = False

    def cancel(self):
        self.cancelled = True


class Script:
    """Goes through steps, as the lanes of an engine would."""

    def __init__(self, waiting, lanes):
        self._waiting = waiting
        self._rows = [[] for _ in range(lanes)]  # choices that run, by lane
        self._pending = {}  # what idle lanes wait for, by lane
        self._queued = set()  # names
        self.taken, self.completions = [], []

    def put(self, request):
        completion = Completion(**request)
        self.completions.append(completion)
        self._queued.add(completion.id)
        self._waiting.put(completion)

    def end(self, lane, rows):
        del self._rows[lane][:rows]

    def cancel(self, name):
        self._queued.discard(name)
        self._waiting.cancel(name)

    def wait(self, lane):
        self._pending[lane] = given = SimpleQueue()
        threading.Thread(target=lambda: given.put(self._waiting.take(lane, [])), daemon=True).start()

    def take(self, lane):
        rows = self._rows[lane] = [one for one in self._rows[lane] if not one.completion.cancelled]
        if lane in self._pending:
            given = self._pending.pop(lane).get()
        else:
            given = self._waiting.take(lane, rows) if rows or self._queued else []
        self.taken.append([one.id for one in given])
        self._queued.difference_update(self.taken[-1])
        rows += [choice for one in given for choice in one.choices]


def run(waiting, lanes, steps):
    script = Script(waiting, lanes)
    for step in steps:
        verb = next(iter(step))
        getattr(script, verb)(*step.values())
    cancelled = [one.id for one in script.completions if one.cancelled]
    return {"taken": script.taken, "cancelled": cancelled}


def race(waiting, lanes, requests):
    taken = SimpleQueue()

    def lane(number):
        while True:
            taken.put([one.id for one in waiting.take(number, [])])

    for number in range(lanes):
        threading.Thread(target=lane, args=(number,), daemon=True).start()
    for request in requests:
        waiting.put(Completion(**request))
    names = []
    while sum(map(len, names)) < len(requests):
        names.append(taken.get())
    return {"taken": names, "cancelled": []}


if __name__ == "__main__":
    wire = Wire()
    while True:
        message = wire.receive()
        lanes = message["lanes"]
        waiting = Waiting(lanes, message["most_rows"], message["most_columns"])
        result = run(waiting, lanes, message["steps"]) if "steps" in message else race(waiting, lanes, message["race"])
        wire.send({"id": message["id"], "result": {**result, "step_tokens": STEP_TOKENS}})
