"""Checks that this machine can build and run the project, then puts the pinned tools into .local/venv.

Runs on whatever Python the machine has, so that even an old one can say what is missing. Standard library only.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".local", "venv")
LOCK = os.path.join(ROOT, "local", "requirements.txt")
OLDEST_PYTHON = (3, 10)


def install_hint(debian, mac):
    if sys.platform == "darwin":
        return mac
    if shutil.which("apt-get"):
        return "sudo apt-get install -y " + debian
    return "install " + debian + " with your system's package manager"


def has_module(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def missing_prerequisites():
    """What this machine lacks, each with the command that installs it."""
    if sys.version_info < OLDEST_PYTHON:
        yield (
            "Python 3.10 or newer (this is %d.%d)" % sys.version_info[:2],
            install_hint("python3 python3-venv", "brew install python3"),
        )
    if not (has_module("venv") and has_module("ensurepip")):
        yield "Python's venv module", install_hint("python3-venv", "brew install python3")
    if not shutil.which("cargo"):
        yield "cargo", "install Rust as https://rustup.rs says"
    if not any(shutil.which(compiler) for compiler in ("cc", "gcc", "clang")):
        yield "a C compiler", install_hint("build-essential", "xcode-select --install")


def lock_digest():
    with open(LOCK, "rb") as lock:
        return hashlib.sha256(lock.read()).hexdigest()


def run(command):
    status = subprocess.call(command)
    if status != 0:
        sys.exit("`%s` failed with status %d" % (" ".join(command), status))


def install_tools():
    stamp = os.path.join(VENV, "lock.sha256")
    digest = lock_digest()
    if os.path.exists(stamp):
        with open(stamp) as installed:
            if installed.read() == digest:
                return
    print("Installing the pinned tools into .local/venv (about a minute, once)", flush=True)
    run([sys.executable, "-m", "venv", "--clear", VENV])
    python = os.path.join(VENV, "bin", "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(install + ["--require-hashes", "--no-deps", "--requirement", LOCK])  # the lock names every dependency
    with open(stamp, "w") as installed:
        installed.write(digest)


def main():
    missing = list(missing_prerequisites())
    for what, how in missing:
        print("Missing: %s\n  %s" % (what, how), file=sys.stderr)
    if missing:
        return 1
    install_tools()
    return 0


if __name__ == "__main__":
    sys.exit(main())
