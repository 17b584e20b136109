"""Builds the Lambda functions for this machine, laid out as the template expects them.

The layout stands in .local/package, apart from target/lambda: what `sam deploy` would send to AWS is never a binary
that was built for a laptop.
"""

import hashlib
import os
import platform
import re
import shutil
from pathlib import Path

import console

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / ".local" / "package"
TEMPLATE = PACKAGE / "template.yaml"


def host_architecture() -> str:
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def build() -> None:
    """One build of all functions, then the template and its functions put side by side."""
    console.run(
        "Building the functions",
        ["cargo", "build", "--locked", "--profile", "local", "--bins"],
        log=ROOT / ".local" / "build.log",
        cwd=ROOT,
        env=dict(os.environ),
    )
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "local"
    PACKAGE.mkdir(parents=True, exist_ok=True)
    _copy_if_newer(ROOT / "template.yaml", TEMPLATE)
    for code_uri in code_uris():
        bootstrap = PACKAGE / code_uri / "bootstrap"
        bootstrap.parent.mkdir(parents=True, exist_ok=True)
        _copy_if_newer(built / bootstrap.parent.name, bootstrap)


def code_uris() -> list[str]:
    """The folder of every function in the template: target/lambda/<name>/."""
    return re.findall(r"CodeUri: (\S+)", (ROOT / "template.yaml").read_text())


def package_digest() -> str:
    """Changes exactly when a deployment would."""
    digest = hashlib.sha256(TEMPLATE.read_bytes())
    for code_uri in code_uris():
        digest.update((PACKAGE / code_uri / "bootstrap").read_bytes())
    return digest.hexdigest()


def _copy_if_newer(source: Path, target: Path) -> None:
    if not source.exists():
        raise console.Failure(f"template.yaml names a function that the build did not make: {source}")
    if not target.exists() or target.stat().st_mtime_ns != source.stat().st_mtime_ns:
        shutil.copy2(source, target)
