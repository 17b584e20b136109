"""Background processes that outlive the command that started them, each with a pid file and a log."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from api import SESSION
from console import Failure

STOP_SECONDS = 10


@dataclass(frozen=True)
class Service:
    name: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def pid(self) -> int | None:
        """The process, if it still runs and is the one that was started here: pids are used again."""
        try:
            pid, started = self._pid_file.read_text().split("\n", 1)
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if _start_time(int(pid)) == started else None

    def start(self, command: list[str], env: dict[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{process.pid}\n{_start_time(process.pid)}")

    def wait_until_it_responds(self, url: str, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(requests.RequestException):
                SESSION.get(url, timeout=5).raise_for_status()
                return
            if self.pid() is None:
                break
            time.sleep(0.1)
        raise Failure(f"{self.name} does not respond; its log is {self.log}")

    def stop(self) -> bool:
        """Ends the process and all that it started; says whether there was something to end."""
        pid = self.pid()
        if pid is not None:
            _end_group(pid)
        self._pid_file.unlink(missing_ok=True)
        return pid is not None


def _start_time(pid: int) -> str:
    """When a process was started, empty for one that is gone or only waits to be reaped."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    state, _, started = listed.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def _end_group(leader: int) -> None:
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(leader, ending)
        except ProcessLookupError:
            return
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until:
            if not _start_time(leader):
                break
            time.sleep(0.1)


def free_port(wanted: int = 0) -> int:
    """The wanted port if nobody listens there, else one that the system picks."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
