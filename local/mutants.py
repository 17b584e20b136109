"""Takes one guard away at a time, and demands that a test notices.

All mutants are built at once: in a copy of the tree, each guard of `guards.py` gives way to what stands in its place
when an environment variable names it. So one build serves every mutant, and a mutant costs no more than its tests.
The tests must pass with no mutant named. Each is run alone then, and tells which guards it reaches: no other one can
notice that they are gone. A mutant that survives is a failure, and so is a guard whose text has gone.

`make mutants` goes on where it was stopped; `make mutants ONLY=words` takes the guards whose name or file holds them.
`--check` only sees that every guard is found and can be switched.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import console
from console import Failure, step
from functions import ROOT
from guards import GUARDS, Guard

WORK = ROOT / ".local" / "mutants"
TREE = WORK / "tree"
RESULTS = WORK / "results.json"
PACKAGES = ("domain", "store", "http-api", "directory", "graphql", "embedded")
# What the result of a mutant depends on.
TESTED = (
    *("Cargo", "template.yaml", "openapi.yaml", "events/", "functions/", "shared/"),
    *("tests/embedded/", "tests/functions/", "tests/testkit/"),
)
# Who hangs is caught: tests have so many times what they took with all guards in place, and so many seconds at least.
TIMES, LEAST = 5, 60
LONGEST = 3_600  # seconds that no test takes with all guards in place, on any machine
AT_ONCE = (10, 100)  # of the tests that reach a guard, the quickest come first, then more, then the others
SWITCH = """
extern crate self as domain;
/// Which guard is taken away, and which ones are reached.
#[allow(missing_docs, unused)]
pub mod mutants {
    use std::{collections::HashSet, env, fs::File, io::Write, sync::{LazyLock, Mutex}};
    static TAKEN: LazyLock<Option<String>> = LazyLock::new(|| env::var("MUTANT").ok());
    static REACHED: LazyLock<Option<Mutex<(HashSet<String>, File)>>> = LazyLock::new(|| {
        Some(Mutex::new((HashSet::new(), File::create(env::var_os("REACHED")?).ok()?)))
    });
    pub fn is(name: &str) -> bool {
        if let Some(Ok(mut reached)) = REACHED.as_ref().map(|reached| reached.lock())
            && reached.0.insert(name.to_owned())
        {
            let _ = writeln!(reached.1, "{name}");
        }
        TAKEN.as_deref() == Some(name)
    }
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
    folder: str


@dataclass(frozen=True)
class Test:
    """A test, which guards it reaches, and how many seconds it takes by itself."""

    suite: int
    name: str
    guards: tuple[str, ...]
    seconds: float


def build() -> list[Suite]:
    """Builds the tests of all packages, once for all mutants."""
    step("Building the tests with every guard switchable")
    # Built once, run hundreds of times: the profile of `make prove`. Not in its folder, or cargo would take the
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
            folder = Path(message["manifest_path"]).parent
            package = re.search(r"#(?:(.+)@)?", message["package_id"])
            name = package[1] if package and package[1] else folder.name
            suites[name] = Suite(name, message["executable"], str(folder))
    missing = [package for package in PACKAGES if package not in suites]
    if missing:
        raise Failure(f"no tests were built of {', '.join(missing)}")
    return [suites[package] for package in PACKAGES]


def run(suite: Suite, tests: list[str], limit: float, **environment: str) -> str | None:
    """Runs tests until the first failure; returns what failed, or `None`."""
    environment = {
        **os.environ,
        "INSTA_UPDATE": "no",
        "INSTA_WORKSPACE_ROOT": str(TREE),
        "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1",
        **environment,
    }
    process = subprocess.Popen(
        [suite.binary, *tests, "--exact"],
        cwd=suite.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    clock = threading.Timer(limit, process.kill)
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


def measure(number: int, suite: Suite, name: str) -> Test:
    """Runs a test with all guards in place, where it must pass."""
    file = WORK / "reached" / f"{number}-{name.replace('::', '.')}"
    began = time.monotonic()
    failed = run(suite, [name], LONGEST, REACHED=str(file))
    if failed:
        raise Failure(f"{suite.package}: {name} fails with all guards in place")
    guards = file.read_text().splitlines() if file.exists() else []
    return Test(number, name, tuple(sorted(guards)), time.monotonic() - began)


@contextmanager
def workers() -> Iterator[ThreadPoolExecutor]:
    """As many threads as there are processors; who interrupts them waits for none that has not begun."""
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def measure_all(suites: list[Suite]) -> list[Test]:
    # What another tree's tests have reached says nothing of this one's.
    shutil.rmtree(WORK / "reached", ignore_errors=True)
    (WORK / "reached").mkdir()
    attempts = []
    with workers() as pool:
        for number, suite in enumerate(suites):
            command = [suite.binary, "--list", "--format=terse"]
            listed = subprocess.run(command, cwd=suite.folder, check=True, capture_output=True, text=True).stdout
            names = re.findall(r"^(\S+): test$", listed, flags=re.MULTILINE)
            attempts += [pool.submit(measure, number, suite, name) for name in names]
        return [attempt.result() for attempt in attempts]


def catch(suites: list[Suite], tests: list[Test], guard: Guard) -> str | None:
    """The test that notices, of those that reach the guard: the quickest are asked first."""
    reaching = sorted((test for test in tests if guard.name in test.guards), key=lambda test: test.seconds)
    first, more = AT_ONCE
    for some in (reaching[:first], reaching[first:more], reaching[more:]):
        for number, suite in enumerate(suites):
            asked = [test for test in some if test.suite == number]
            limit = max(LEAST, TIMES * sum(test.seconds for test in asked))
            failed = run(suite, [test.name for test in asked], limit, MUTANT=guard.name) if asked else None
            if failed:
                return f"{suite.package}: {failed}"
    return None


def write_results(digest: str, tests: list[Test], caught: dict[str, str]) -> None:
    """Keeps what was found: the same tree goes on from there."""
    results = {"digest": digest, "tests": [asdict(test) for test in tests], "caught": caught}
    RESULTS.write_text(json.dumps(results, indent=1))


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
    suites = build()
    if kept.get("digest") == digest:
        tests, done = [Test(**test) for test in kept["tests"]], kept["caught"]
    else:
        step("Running each test with all guards in place")
        tests, done = measure_all(suites), {}
        write_results(digest, tests, done)

    def attempt(guard: Guard) -> tuple[Guard, str | None, float]:
        started = time.monotonic()
        return guard, catch(suites, tests, guard), time.monotonic() - started

    began, survivors = time.monotonic(), []
    mutants = [guard for guard in wanted if guard not in gone]
    left = [guard for guard in mutants if guard.name not in done]
    with workers() as pool:
        attempts = [pool.submit(attempt, guard) for guard in left]
        for number, ended in enumerate(as_completed(attempts), len(mutants) - len(left) + 1):
            guard, caught, seconds = ended.result()
            if caught is None:
                survivors.append(guard)
                step(f"{number}/{len(mutants)} SURVIVED  {guard.name} ({guard.file}, {seconds:.0f} s)")
                continue
            step(f"{number}/{len(mutants)} caught    {guard.name} ({seconds:.0f} s) by {caught}")
            done[guard.name] = caught
            write_results(digest, tests, done)

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
