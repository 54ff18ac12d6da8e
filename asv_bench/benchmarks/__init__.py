"""Benchmarks that asv runs; each is a script too, so their shared parts are found here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
