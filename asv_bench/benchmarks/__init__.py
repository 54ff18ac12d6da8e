"""Benchmarks for asv; each one is a script, too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
