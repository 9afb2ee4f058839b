"""Redirects what TensorFlow's C++ code writes to standard error from the screen to a log file.

That code writes to file descriptor 2, which for a while is a file; what Python writes goes to the screen as ever.
"""

import contextlib
import faulthandler
import os
import shutil
import sys
import tempfile
from pathlib import Path

from ..errors import KerasTransformersError
from ..runs.run import LOG


@contextlib.contextmanager
def chatter_kept():
    """Keep C++ code off the screen while the block runs.

    What it has written is shown after an error that is none of ours, since it may explain it.

    Yields:
        A function of a run's folder: from its call on, all is appended to a log there, what came before included.
    """
    with contextlib.ExitStack() as stack:
        try:
            screen = os.dup(2)
        except OSError:  # there is no standard error
            yield lambda folder: None
            return
        stack.callback(os.close, screen)
        held = stack.enter_context(tempfile.TemporaryFile())
        logs = []

        def keep_in(folder):
            path = Path(folder) / LOG
            log = stack.enter_context(path.open("ab", buffering=0))
            held.seek(0)
            shutil.copyfileobj(held, log)
            os.dup2(log.fileno(), 2)
            logs.append(path)

        stack.enter_context(_python_to(screen))
        stack.callback(os.dup2, screen, 2)
        os.dup2(held.fileno(), 2)
        try:
            yield keep_in
        except Exception as error:
            if not isinstance(error, (KerasTransformersError, OSError)) and not logs:
                held.seek(0)
                with contextlib.suppress(OSError):
                    os.write(screen, held.read())
            raise
        finally:
            for path in logs:
                with contextlib.suppress(OSError):
                    if not path.stat().st_size:
                        path.unlink()


@contextlib.contextmanager
def _python_to(screen):
    """Let Python write to `screen` what it writes to file descriptor 2, a crash's last words included."""
    stream = sys.stderr
    crashes = not faulthandler.is_enabled()
    if crashes:
        faulthandler.enable(screen)
    try:
        if _number(stream) != 2:
            yield
            return
        stream.flush()
        with open(os.dup(screen), "w", buffering=1, encoding=stream.encoding, errors=stream.errors) as sys.stderr:
            yield
    finally:
        sys.stderr = stream
        if crashes:
            faulthandler.disable()


def _number(stream):
    try:
        return stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None
