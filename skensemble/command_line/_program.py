"""The program: run a command, and turn its errors into messages and exit codes."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from skensemble.command_line._arguments import make_parser

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str or None, default=None
        Arguments; None uses those of the process.

    Returns
    -------
    code : int
        Exit code: 0 for success, 2 for unusable arguments, files and columns, 130 for
        an interrupt from the keyboard, 143 for a request to end, 1 for other errors.
    """
    args = make_parser().parse_args(argv)
    # Help and version are quick: the libraries are imported for a command only.
    from skensemble.command_line._warning_display import WarningDisplay

    with WarningDisplay():
        return _run(args)


def _run(args: Any) -> int:
    from skensemble.command_line._usage_errors import UsageError

    try:
        code = _command(args.command)(args)
        sys.stdout.flush()
    except UsageError as error:
        return _failed(args, str(error), 2)
    except KeyboardInterrupt as error:
        code = getattr(error, "exit_code", _INTERRUPTED)
        return _failed(args, "interrupted.", code)
    except BrokenPipeError:
        # The reader of the pipe has ended, as `head` does: discard the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _failed(args, f"{type(error).__name__}: {error}", 1)
    return code


def _command(name: str) -> Callable[[Any], int]:
    if name == "fit":
        from skensemble.command_line._fit_command import run_fit as run
    elif name == "predict":
        from skensemble.command_line._predict_command import run_predict as run
    else:
        from skensemble.command_line._tables_command import run_tables as run
    return run


def _failed(args: Any, message: str, code: int) -> int:
    print(f"skensemble {args.command}: {message}", file=sys.stderr)
    return code
