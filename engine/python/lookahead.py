"""How far ahead of processors mlx hands out operations, of which its own limits suit one stream, not one on each core."""

import ctypes
import os
import sys
from importlib.metadata import version
from pathlib import Path

import mlx.core as mx

# Breadth first over so many operations, 20 unless told: a gradient is wider, and then one stream is served to its end before the
# next.
os.environ.setdefault("MLX_BFS_MAX_WIDTH", "1000")

# While more than 10 tasks, of ten operations each, are under way in all streams together, whoever has more to hand out waits. It is
# then chance whose stream gets the next, and another has nothing to do: two lanes came to 1.5 times what one does. So many more
# for each core leave no lane idle, and take 30 MB on two cores; more than that only takes more memory.
TASKS_A_CORE = 15
# mlx has no setting for it. The count of tasks is the first field of what this function gives, in this version at least.
KNOWN_VERSION = "0.32.4"
SCHEDULER = "_ZN3mlx4core9scheduler9schedulerEv"


def tasks_under_way():
    """mlx's count of them, to read and to write; None where it is not known to be where it was in KNOWN_VERSION."""
    if version("mlx") != KNOWN_VERSION or sys.platform != "linux":
        return None
    scheduler = ctypes.CDLL(str(Path(mx.__file__).parent / "lib" / "libmlx.so"))[SCHEDULER]
    scheduler.restype = ctypes.POINTER(ctypes.c_int)
    return scheduler().contents


def allow_more_tasks():
    """Lets as many more be under way as all cores want: the count goes on from below 0. For a process that computes nothing yet."""
    count = tasks_under_way() if mx.default_device() == mx.cpu else None
    if count is not None and count.value == 0:
        count.value = -TASKS_A_CORE * (os.cpu_count() or 1)
