"""The command line: fit, predict, and show what was fitted."""

# Names imported with `as` are for the entry point of this library, not public.
from skensemble.command_line._program import main as main
