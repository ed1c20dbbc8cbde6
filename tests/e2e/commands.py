"""The command line, run to its end."""

import subprocess

from processes import ROOT, built


def run(*arguments, check=True, **how):
    """Runs the command line."""
    return subprocess.run(
        [str(built("zorgsluis")), *map(str, arguments)], cwd=ROOT, capture_output=True, check=check, timeout=300, **how
    )
