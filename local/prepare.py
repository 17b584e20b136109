"""Checks that this machine can build and run the project, then puts the pinned tools into .local/venv.

Runs on whatever Python the machine has, so that even an old one can say what is missing. Standard library only.
"""

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".local" / "venv"
LOCK = ROOT / "local" / "requirements.txt"
OLDEST_PYTHON = (3, 10)


def install_hint(debian: str, mac: str) -> str:
    if sys.platform == "darwin":
        return mac
    if shutil.which("apt-get"):
        return "sudo apt-get install -y " + debian
    return "install " + debian + " with your system's package manager"


def missing_prerequisites() -> "list[tuple[str, str]]":
    """What this machine lacks, each with the command that installs it."""
    missing = []
    if sys.version_info < OLDEST_PYTHON:
        python = "Python 3.10 or newer (this is %d.%d)" % sys.version_info[:2]
        missing.append((python, install_hint("python3 python3-venv", "brew install python3")))
    if not (find_spec("venv") and find_spec("ensurepip")):
        missing.append(("Python's venv module", install_hint("python3-venv", "brew install python3")))
    if not shutil.which("cargo"):
        missing.append(("cargo", "install Rust as https://rustup.rs says"))
    if not any(shutil.which(compiler) for compiler in ("cc", "gcc", "clang")):
        missing.append(("a C compiler", install_hint("build-essential", "xcode-select --install")))
    if not shutil.which("ps"):
        missing.append(("ps", install_hint("procps", "xcode-select --install")))
    return missing


def run(command: "list[str]") -> None:
    status = subprocess.call(command)
    if status != 0:
        sys.exit("`%s` failed with status %d" % (" ".join(command), status))


def install_tools() -> None:
    stamp = VENV / "lock.sha256"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    print("Installing the pinned tools into .local/venv (about a minute, once)", flush=True)
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    install = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*install, "--require-hashes", "--no-deps", "--requirement", str(LOCK)])  # the lock names every dependency
    stamp.write_text(digest)


def main() -> int:
    missing = missing_prerequisites()
    for what, how in missing:
        print("Missing: %s\n  %s" % (what, how), file=sys.stderr)
    if missing:
        return 1
    install_tools()
    return 0


if __name__ == "__main__":
    sys.exit(main())
