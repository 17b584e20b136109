"""What a person sees while the local stack works: short lines with the time that has passed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

START = time.monotonic()
HEARTBEAT_SECONDS = 10


class Failure(Exception):  # noqa: N818 - it is a message to a person, not an error in the scripts
    """Something a person has to know; shown without a traceback."""


def step(text: str) -> None:
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


def check(holds: bool, text: str, seen: Any) -> None:
    if not holds:
        raise Failure(f"Expected: {text}\nSeen: {seen}")


def run(title: str, command: list[str], log: Path, cwd: Path, env: dict[str, str]) -> None:
    """Runs a command into a log file and tells every few seconds how far it is."""
    step(title)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT)
        while True:
            try:
                status = process.wait(timeout=HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                step(f"  … {last_line(log)}")
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise Failure(f"{tail}\n\n`{' '.join(command)}` failed; all of its output is in {log}")


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip()[:100] if lines else "working"


def exit_with(main: Callable[[], None]) -> None:
    """Runs a command-line entry point, showing a `Failure` as a message instead of a traceback."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is cleaned up
    try:
        main()
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
