"""The entry point of the command line: ``python -m skensemble`` and ``skensemble``."""

import sys

from skensemble.command_line import main

if __name__ == "__main__":
    sys.exit(main())
