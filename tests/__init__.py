"""The tests. Two processes run them side by side, so each computes on one thread."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
