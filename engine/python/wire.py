"""JSON lines between the gateway and a Python process: one object a line, on stdin and stdout."""

import json
import os
import sys
import threading
from queue import SimpleQueue


class Wire:
    """The process's own end. Everything else that prints goes to stderr, so stdout carries messages only.

    When stdin closes the gateway is gone, and the process exits at once, whatever it is doing.
    """

    def __init__(self):
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._messages = SimpleQueue()
        self._sending = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in sys.stdin:
            self._messages.put(json.loads(line))
        os._exit(0)

    def send(self, message):
        """Raises ValueError for a number that JSON does not have (NaN, infinities)."""
        line = json.dumps(message, allow_nan=False) + "\n"
        with self._sending:
            self._out.write(line)
            self._out.flush()

    def receive(self):
        """The next message; waits for it."""
        return self._messages.get()
