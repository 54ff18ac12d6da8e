"""Time spent in some methods, within one run."""

import time
from functools import wraps


class Stopwatch:
    """Seconds spent in the outermost of some methods of a library, while it is open."""

    def __init__(self, *methods):
        self.methods, self.seconds, self._running = methods, 0.0, False

    def __enter__(self):
        self._plain = [getattr(kind, name) for kind, name in self.methods]
        for (kind, name), method in zip(self.methods, self._plain, strict=True):
            setattr(kind, name, self._clocked(method))
        return self

    def __exit__(self, *error):
        for (kind, name), method in zip(self.methods, self._plain, strict=True):
            setattr(kind, name, method)

    def _clocked(self, method):
        @wraps(method)
        def clocked(*args, **kwargs):
            if self._running:
                return method(*args, **kwargs)
            self._running, start = True, time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                self._running = False
                self.seconds += time.perf_counter() - start

        return clocked
