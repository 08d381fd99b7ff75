"""What was computed before and may be needed again."""

import threading
from collections import OrderedDict


class Memory:
    """Values by name, for several threads; the least recently used go when together they weigh more than `limit`."""

    def __init__(self, limit):
        self._limit, self._weight = limit, 0
        self._held = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name):
        """None when it is not held."""
        with self._lock:
            if name not in self._held:
                return None
            self._held.move_to_end(name)
            return self._held[name][0]

    def put(self, name, value, weight=1):
        with self._lock:
            _, before = self._held.pop(name, (None, 0))
            self._held[name] = value, weight
            self._weight += weight - before
            while self._weight > self._limit:
                _, (_, freed) = self._held.popitem(last=False)
                self._weight -= freed
