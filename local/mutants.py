"""Takes one guard away at a time, and demands that a test notices.

All mutants are built at once: in a copy of the tree, each guard of `guards.py` gives way to what stands in its place
when an environment variable names it. So one build serves every mutant, and a mutant costs no more than its tests.
The tests must pass with no mutant named. A mutant that survives is a failure, and so is a guard whose text has gone.

`caught.json` names the test that noticed each mutant last, and that one is asked first: so a run over all of them takes minutes, and
only what that test no longer notices costs whole suites. Each run writes down what it finds.

`make mutants` goes on where it was stopped; `make mutants ONLY=words` takes the guards whose name or file holds them.
`--check` only sees that every guard is found and can be switched.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import console
from console import Failure, step
from functions import ROOT
from guards import GUARDS, Guard

WORK = ROOT / ".local" / "mutants"
TREE = WORK / "tree"
RESULTS = WORK / "results.json"
CAUGHT = ROOT / "local" / "caught.json"
PACKAGES = ("domain", "store", "http-api", "directory", "embedded")  # the quickest tests first
# Modules of `embedded` that notice most, and soon; the rest of it comes last.
QUICK = (
    *("refusals::", "story::", "bulk::", "erasure::", "leases::", "links::"),
    *("expiry::", "stats::", "events::", "parked::", "lists::"),
)
# What the outcome of a mutant depends on.
TESTED = (
    *("Cargo", "template.yaml", "openapi.yaml", "events/", "functions/", "shared/"),
    *("tests/embedded/", "tests/functions/", "tests/testkit/"),
)
# Who hangs is caught: a suite has so many times what it took with all guards in place, and so many seconds at least.
TIMES, LEAST = 5, 60
LONGEST = 3_600  # seconds that no suite takes with all guards in place, on any machine
SWITCH = """
extern crate self as domain;
/// Which guard is taken away.
#[allow(missing_docs, unused)]
pub mod mutants {
    static TAKEN: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var("MUTANT").ok());
    pub fn is(name: &str) -> bool { TAKEN.as_deref() == Some(name) }
}
"""


@dataclass(frozen=True)
class Place:
    """Where a guard stands in its file."""

    guard: Guard
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.guard.text)

    def holds(self, other: "Place") -> bool:
        return self.start <= other.start and other.end <= self.end


def can_be_switched(guard: Guard) -> bool:
    """Whether the guard and what takes its place can stand in a block each, as far as their ends tell."""
    if not guard.instead and not guard.text.endswith((";", "}")):
        return False
    return all(
        all(text.count(opens) == text.count(closes) for opens, closes in ("()", "[]", "{}"))
        and not re.match(r"\s*(\.|&&|\|\|?\s|(if|let)\b[^{;]*$)", text)
        and not re.search(r"(&&|\|\||,)\s*$", text)
        and "=>" not in re.sub(r"\{.*\}", "", text, flags=re.DOTALL)
        and not re.match(r"let\b", guard.text)
        for text in (guard.text, guard.instead)
    )


def find(guard: Guard, source: str) -> Place | None:
    near = source.find(guard.near)
    start = source.find(guard.text, near + len(guard.near)) if near >= 0 else -1
    return Place(guard, start) if start >= 0 else None


def switch(place: Place, inner: str) -> str:
    """The guard, or what stands in its place: chosen when the test runs."""
    guard = place.guard
    chosen = f"if domain::mutants::is({json.dumps(guard.name)}) {{ {guard.instead} }} else {{ {inner} }}"
    return chosen if guard.text.endswith((";", "}")) else f"({chosen})"


def mutate(source: str, places: list[Place]) -> str:
    """The source with all its guards switchable, those within others too."""
    order = sorted(places, key=lambda place: (place.start, -place.end))
    return _mutate(source, 0, len(source), order)


def _mutate(source: str, start: int, end: int, places: list[Place]) -> str:
    mutated, at = "", start
    while places:
        outer, rest = places[0], places[1:]
        inner = [place for place in rest if outer.holds(place)]
        places = [place for place in rest if not outer.holds(place)]
        mutated += source[at : outer.start] + switch(outer, _mutate(source, outer.start, outer.end, inner))
        at = outer.end
    return mutated + source[at:end]


def write_if_changed(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def copy_tree() -> tuple[str, list[Guard]]:
    """Makes the mutated copy; returns its digest, and the guards whose text has gone."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    names = sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())
    gone: list[Guard] = []
    digest = hashlib.sha256()
    for name in names:
        content = (ROOT / name).read_bytes()
        if name == "shared/domain/src/lib.rs":
            content += SWITCH.encode()
        guards = [guard for guard in GUARDS if guard.file == name]
        if guards:
            source = content.decode()
            found = [(guard, find(guard, source)) for guard in guards]
            gone += [guard for guard, place in found if place is None]
            content = mutate(source, [place for _, place in found if place]).encode()
        if name.startswith(TESTED):
            digest.update(name.encode() + b"\0" + content)
        write_if_changed(TREE / name, content)
    gone += [guard for guard in GUARDS if guard.file not in names]
    for path in list(TREE.rglob("*")):
        if path.is_file() and str(path.relative_to(TREE)) not in set(names):
            path.unlink()
    return digest.hexdigest(), gone


@dataclass(frozen=True)
class Suite:
    package: str
    binary: str
    directory: str
    arguments: tuple[str, ...] = ()
    limit: float = LONGEST


def build() -> list[Suite]:
    """Builds the tests of all packages, once for all mutants."""
    step("Building the tests with every guard switchable")
    # Built once, run hundreds of times: the profile of `make prove`. Not in its directory, or cargo would take the
    # mutated crates for the real ones.
    command = ["cargo", "test", "--locked", "--profile=prove", "--no-run", "--message-format=json-render-diagnostics"]
    command += ["--lib", "--test=embedded"]
    command += [word for package in PACKAGES for word in ("--package", package)]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "target")}
    built = subprocess.run(command, cwd=TREE, env=environment, check=False, capture_output=True, text=True)
    if built.returncode != 0:
        raise Failure(f"{built.stderr[-6000:]}\n\nThe mutated tree in {TREE} does not build.")
    suites = {}
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message.get("profile", {}).get("test"):
            directory = Path(message["manifest_path"]).parent
            package = re.search(r"#(?:(.+)@)?", message["package_id"])
            name = package[1] if package and package[1] else directory.name
            suites[name] = Suite(name, message["executable"], str(directory))
    missing = [package for package in PACKAGES if package not in suites]
    if missing:
        raise Failure(f"no tests were built of {', '.join(missing)}")
    embedded = suites.pop("embedded")
    skipped = tuple(word for module in QUICK for word in ("--skip", module))
    ordered = [suites[package] for package in PACKAGES if package in suites]
    return [*ordered, replace(embedded, arguments=QUICK), replace(embedded, arguments=skipped)]


def run(suite: Suite, mutant: str, only: str = "") -> str | None:
    """Runs a suite until its first failure; returns what failed, or `None`."""
    environment = {
        **os.environ,
        "MUTANT": mutant,
        "INSTA_UPDATE": "no",
        "INSTA_WORKSPACE_ROOT": str(TREE),
        "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1",
    }
    command = [suite.binary, *((only, "--exact") if only else suite.arguments)]
    process = subprocess.Popen(
        command,
        cwd=suite.directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    clock = threading.Timer(suite.limit, process.kill)
    clock.start()
    failed = None
    try:
        assert process.stdout is not None
        for line in process.stdout:
            found = re.match(r"test (\S+).* \.\.\. FAILED", line)
            if found:
                failed = found[1]
                process.kill()
                break
        process.wait()
    finally:
        hung = not clock.is_alive()
        clock.cancel()
        process.kill()
    if failed is None and hung:
        return "(hung)"
    return failed or (None if process.returncode == 0 else "(crashed)")


def measure(suite: Suite) -> float:
    """How many seconds the suite takes with all guards in place, where it must pass."""
    began = time.monotonic()
    failed = run(suite, "none")
    if failed:
        raise Failure(f"{suite.package}: {failed} fails with all guards in place")
    return time.monotonic() - began


def order(suites: list[Suite], guard: Guard) -> list[Suite]:
    """The suites, those first that are nearest to the guard: its own crate's, then the quick part of `embedded`."""
    own = guard.file.split("/")[1]
    rank = {own: 0, "embedded": 1}
    ranked = [(rank.get(suite.package, len(rank)), number, suite) for number, suite in enumerate(suites)]
    # The slow rest of `embedded` comes after everything else.
    return [suite for _, _, suite in sorted(ranked[:-1], key=lambda entry: entry[:2])] + [suites[-1]]


def catch(suites: list[Suite], guard: Guard, known: str) -> str | None:
    """The test that notices, the one that did the last time asked first."""
    package, _, test = known.partition(": ")
    remembered = next((suite for suite in suites if suite.package == package and not test.startswith("(")), None)
    if remembered and run(remembered, guard.name, test):
        return known
    for suite in order(suites, guard):
        failed = run(suite, guard.name)
        if failed:
            return f"{suite.package}: {failed}"
    return None


def write_results(digest: str, seconds: list[float], caught: dict[str, str], known: dict[str, str]) -> None:
    """Keeps which test caught what: the same tree goes on from there, another one asks these tests first."""
    RESULTS.write_text(json.dumps({"digest": digest, "seconds": seconds, "caught": caught}, indent=1))
    CAUGHT.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("only", nargs="*", help="words in the names or files of the guards to take")
    arguments.add_argument("--check", action="store_true", help="only see that each guard is found and can be switched")
    given = arguments.parse_args()
    words = [word.lower() for word in given.only]
    names = [guard.name for guard in GUARDS]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise Failure(f"guards of one name: {', '.join(sorted(doubled))}")
    parts = [guard.name for guard in GUARDS if not can_be_switched(guard)]
    if parts:
        raise Failure(f"guards that are no expressions or statements: {', '.join(parts)}")
    wanted = [guard for guard in GUARDS if all(word in f"{guard.name} {guard.file}".lower() for word in words)]
    if not wanted:
        raise Failure(f"no guard's name or file holds all of: {' '.join(words)}")

    WORK.mkdir(parents=True, exist_ok=True)
    digest, gone = copy_tree()
    gone = [guard for guard in gone if guard in wanted]
    for guard in gone:
        print(f"GONE      {guard.name}: {guard.file} does not have `{guard.text}`", flush=True)
    if given.check:
        print(f"{len(wanted) - len(gone)} of {len(wanted)} guards are found")
        sys.exit(1 if gone else 0)
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    unchanged = kept.get("digest") == digest and "seconds" in kept
    done = kept["caught"] if unchanged else {}
    known = {name: test for name, test in json.loads(CAUGHT.read_text()).items() if name in names}
    suites = build()
    if unchanged:
        measured = kept["seconds"]
    else:
        step("Running the tests with all guards in place")
        measured = [measure(suite) for suite in suites]
        write_results(digest, measured, done, known)
    suites = [replace(suite, limit=max(LEAST, TIMES * took)) for suite, took in zip(suites, measured, strict=True)]

    began, survivors = time.monotonic(), []
    mutants = [guard for guard in wanted if guard not in gone]
    for number, guard in enumerate(mutants, 1):
        if guard.name not in done:
            started = time.monotonic()
            caught = catch(suites, guard, known.get(guard.name, ""))
            seconds = time.monotonic() - started
            if caught is None:
                survivors.append(guard)
                step(f"{number}/{len(mutants)} SURVIVED  {guard.name} ({guard.file}, {seconds:.0f} s)")
                continue
            step(f"{number}/{len(mutants)} caught    {guard.name} ({seconds:.0f} s) by {caught}")
            done[guard.name] = known[guard.name] = caught
            write_results(digest, measured, done, known)
    caught_now = len(mutants) - len(survivors)
    print(f"\n{caught_now} of {len(wanted)} mutants caught in {time.monotonic() - began:.0f} s", flush=True)
    for guard in survivors:
        print(f"SURVIVED  {guard.name} ({guard.file})")
    for guard in gone:
        print(f"GONE      {guard.name} ({guard.file})")
    if survivors or gone:
        sys.exit(1)


if __name__ == "__main__":
    console.exit_with(main)
