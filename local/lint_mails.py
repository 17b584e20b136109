"""Holds the HTML of every mail against what mail programs support, as Can I email (caniemail.com) has measured it.

The mails are the snapshots of the crate `mail`, in every language. Each element, attribute, property, value and
selector that one of the programs here does not fully support is a fault, unless the lists below say why the mail does
without. Besides, what those measurements cannot say is checked: that tables only arrange, that the cells are the
buttons, and that nothing needs the style sheet to be read.

The data is one npm package, pinned by its digest and loaded once. Standard library only.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, NamedTuple

import console
from prepare import ROOT, install_hint

PACKAGE = "caniemail@2.0.2"
DIGEST = "lvhn4RrF2Ae3PQA3HMOVGxFPqPAxfv8HWp+xUSqJPumbzFUzQGVgFG0nl8s0sjSoBd2PgmAqB5xRF0wcPbrVcA=="  # SHA-512
DATA = "package/dist/data/caniemail.json"
FOLDER = ROOT / ".local" / "caniemail"
SNAPSHOTS = ROOT / "shared" / "mail" / "src" / "tests" / "snapshots"
FAMILIES = ("apple-mail", "gmail", "outlook", "yahoo")
GONE = ("outlook.windows-mail",)  # Microsoft ended Windows Mail in 2024


class Allowed(NamedTuple):
    """Why a feature may be used although a program does not, or not fully, support it."""

    why: str
    on: tuple[str, ...] = ()  # these elements only


# By feature, as the data names it.
IN_STYLES = {
    "css-border": Allowed("cells have borders, thinner than the 8 px that Word draws", ("td", "img")),
    "css-border-radius": Allowed("Word draws the corners square", ("td",)),
    "css-display": Allowed("only inline-block; where it is not kept, cells hold the buttons", ("div", "a")),
    "css-font-size": Allowed("only px, which all support"),
    "css-font-weight": Allowed("only 600 and 700, which Word draws bold"),
    "css-line-height": Allowed("only factors, and px in cells that are spacers: being a little off does no harm"),
    "css-margin": Allowed("never negative, never auto", ("body", "h1", "h2", "p", "blockquote", "div")),
    "css-max-width": Allowed("Word has it for tables; of a logo it keeps the height alone", ("table", "img")),
    "css-padding": Allowed("Word has it for cells; a link's own only makes more of its button clickable", ("td", "a")),
    "css-table-layout": Allowed("keeps long words from widening the columns; Word lets them", ("table",)),
    "css-text-decoration": Allowed("only none; a button that is underlined is still one", ("a",)),
    "css-word-break": Allowed("long words may stick out of a mail in Yahoo; the columns stay as they are", ("td",)),
    "css-word-wrap": Allowed("long words may stick out of a mail in Word; the columns stay as they are", ("td",)),
}
IN_THE_STYLE_SHEET = {
    "css-at-media": Allowed("phones without it show the same mail with narrower buttons"),
    "css-at-media-prefers-color-scheme": Allowed("elsewhere the colours stay light, or the program turns them"),
    "css-border": Allowed("colours only"),
    "css-color-scheme": Allowed("says to Apple Mail that the dark colours are ours"),
    "css-display": Allowed("only block"),
    "css-important": Allowed("in lower case, behind a space: without it the styles of the elements hold"),
    "css-margin": Allowed("never negative, never auto"),
    "css-padding": Allowed("of a cell"),
    "css-selector-class": Allowed("Gmail drops the style sheet in some accounts"),
    "css-selector-descendant": Allowed("Gmail drops the style sheet in some accounts"),
    "css-selector-type": Allowed("Gmail drops the style sheet in some accounts"),
    "css-width": Allowed("of a table"),
}
IN_HTML = {
    "html-align": Allowed("only center, which all support", ("table", "td")),
    "html-aria-label": Allowed("names the mail to a screen reader; without it the mail's heading does"),
    "html-bdi": Allowed("where it is dropped, `dir` on a span keeps the name apart: see mail/piece.html"),
    "html-body": Allowed("what it sets, the outer table sets again"),
    "html-dir": Allowed("fails on links in Word: never there", ("html", "div", "table", "span", "p")),
    "html-doctype": Allowed("nothing here depends on the mode of rendering"),
    "html-height": Allowed("in px; on a screen of many dots in Word a little small", ("img", "td")),
    "html-lang": Allowed("fails on cells in Yahoo: never there", ("html", "div")),
    "html-mailto-links": Allowed("without bcc"),
    "html-meta-color-scheme": Allowed("says to Apple Mail that the dark colours are ours"),
    "html-role": Allowed("Yahoo keeps that of tables, which is the one that matters", ("table", "div")),
    "html-style": Allowed("the style sheet only adds dark colours and wide buttons on phones"),
    "html-wbr": Allowed("what it cuts stands in an anchor that leads nowhere, too: see mail/piece.html"),
    "html-width": Allowed("of tables and cells; on a screen of many dots in Word a little narrow", ("table", "td")),
}
# What the data does not know, and every program does.
PLAIN_PROPERTIES = {"color", "font-family", "supported-color-schemes"}
PROPERTIES = {
    # Longhands that are measured with their shorthand; those for the inline and block directions are not.
    re.compile(r"(margin|padding)-(top|right|bottom|left)"): r"\1",
    re.compile(r"border-(top|right|bottom|left|color|style|width)(-.*)?"): "border",
}


class Use(NamedTuple):
    feature: str
    on: str  # the element
    allowed: dict[str, Allowed]


@dataclass
class Mail(HTMLParser):
    """Collects what a mail uses, and what is wrong with it whatever is supported."""

    data: "Support"
    uses: list[Use] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    cells: list[dict[str, str]] = field(default_factory=list)
    in_style_sheet: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_decl(self, decl: str) -> None:
        self._use("html-doctype", decl, IN_HTML)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        styles = dict(declarations(attributes.get("style", "")))
        for feature in self.data.of_element(tag, attributes):
            self._use(feature, tag, IN_HTML)
        for name, value in styles.items():
            self._use_property(tag, name, value, IN_STYLES)
        self._check(tag, attributes, styles)
        if tag == "td":
            self.cells.append(styles)
        self.in_style_sheet = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.in_style_sheet = False
        if tag == "td":
            self.cells.pop()

    def handle_data(self, data: str) -> None:
        if not self.in_style_sheet:
            return
        for condition in re.findall(r"(@[^{]+)\{", data):
            self._use(f"css-{condition.split()[0].replace('@', 'at-')}", "style", IN_THE_STYLE_SHEET)
            for media in re.findall(r"\(([a-z-]+)", condition):
                self._use(f"css-at-media-{media}", "style", IN_THE_STYLE_SHEET)
        for selectors, body in re.findall(r"([^{}@;]+)\{([^{}]*)\}", re.sub(r"@[^{]+\{", "", data)):
            for feature in selector_features(selectors.strip()):
                self._use(feature, "style", IN_THE_STYLE_SHEET)
            for name, value in declarations(body):
                self._use_property("style", name, value, IN_THE_STYLE_SHEET)

    def _use_property(self, tag: str, name: str, value: str, allowed: dict[str, Allowed]) -> None:
        measured = next((to for form, to in PROPERTIES.items() if form.fullmatch(name)), None)
        name = re.sub(r"^(margin|padding)-.*", r"\1", name) if measured else name
        feature = f"css-{'border' if measured == 'border' else name}"
        if feature in self.data.features:
            self._use(feature, tag, allowed)
        elif name not in PLAIN_PROPERTIES:
            self.faults.append(f"{name} on <{tag}>: nobody has measured who supports it")
        if name == "margin" and re.search(r"-\d|auto", value):
            self.faults.append(f"margin:{value} on <{tag}>: negative and automatic margins are dropped")
        for feature in value_features(name, value):
            self._use(feature, tag, allowed)

    def _use(self, feature: str, on: str, allowed: dict[str, Allowed]) -> None:
        if feature in self.data.features:
            self.uses.append(Use(feature, on, allowed))

    def _check(self, tag: str, attributes: dict[str, str], styles: dict[str, str]) -> None:
        def demand(holds: object, text: str) -> None:
            if not holds:
                self.faults.append(f"<{tag}> {attributes.get('class', '')}: {text}")

        demand("background" not in styles, "a background-color of its own, since the shorthand is not kept")
        ground = styles.get("background-color")
        demand(ground == attributes.get("bgcolor"), "bgcolor beside background-color, and the same")
        demand(not ground or "color" in styles, "a color beside background-color")
        demand(tag != "table" or attributes.get("role") == "presentation", 'role="presentation": it only arranges')
        in_padded_cell = self.cells and "padding" in self.cells[-1]
        demand(tag != "a" or "padding" not in styles or in_padded_cell, "padding of the cell that is the button")


class Support:
    """What each program supports, by feature."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.features = {feature["slug"]: feature for feature in data["data"]}
        html = [feature for feature in data["data"] if feature["category"] == "html"]
        self._elements = {tag: f["slug"] for f in html for tag in re.findall(r"<(\w+)>", f["title"])}
        self._elements |= {f"h{level}": "html-h1-h6" for level in range(1, 7)}
        self._attributes = {
            feature["title"].removesuffix(" attribute"): feature["slug"]
            for feature in html
            if feature["title"].endswith(" attribute")
        }

    def of_element(self, tag: str, attributes: dict[str, str]) -> Iterator[str]:
        if tag in self._elements:
            yield self._elements[tag]
        yield from (self._attributes[name] for name in attributes if name in self._attributes)
        if attributes.get("href", "").startswith("mailto:"):
            yield "html-mailto-links"
        if tag == "meta" and attributes.get("name") == "color-scheme":
            yield "html-meta-color-scheme"

    def lacking(self, feature: str) -> list[str]:
        """The programs whose newest version does not fully support it, each with what is known about that."""
        described = self.features[feature]
        notes = described["notes_by_num"] or {}
        found = []
        for family in FAMILIES:
            for platform, versions in described["stats"].get(family, {}).items():
                program = f"{family}.{platform}"
                support, *numbers = list(versions.values())[-1].split()
                if support != "y" and program not in GONE:
                    known = " ".join(notes[number.lstrip("#")] for number in numbers)
                    found.append(f"{program}: {known or 'not supported'}")
        return found


def declarations(styles: str) -> Iterator[tuple[str, str]]:
    for declaration in filter(str.strip, styles.split(";")):
        name, _, value = declaration.partition(":")
        yield name.strip(), value.strip()


def value_features(name: str, value: str) -> Iterator[str]:
    if "!important" in value:
        yield "css-important"
    for unit in re.findall(r"(?<![#\w])-?[\d.]+([a-z]+|%)", value):
        yield f"css-unit-{unit.replace('%', 'percent')}"
    for function in re.findall(r"([a-z-]+)\(", value):
        yield {"calc": "css-unit-calc", "var": "css-variables"}.get(function, f"css-{function}")
        yield f"css-function-{function}"
    if name == "display":
        yield f"css-display-{value.split(maxsplit=1)[0].removeprefix('inline-')}"
    if re.match(r"(initial|inherit|unset|revert)\b", value):
        yield "css-unit-initial"


def selector_features(selectors: str) -> Iterator[str]:
    kinds = {
        r"\.": "class",
        r"#": "id",
        r"\[": "attribute",
        r"\*": "universal",
        r",": "grouping",
        r">": "child",
        r"\+": "adjacent-sibling",
        r"~": "general-sibling",
        r"[\w\])] +[\w.#\[]": "descendant",
        r"(^|[ ,>+~])[a-z]": "type",
    }
    yield from (f"css-selector-{kind}" for form, kind in kinds.items() if re.search(form, selectors))
    for colons, name in re.findall(r"(::?)([a-z-]+)", selectors):
        yield f"css-pseudo-{'element' if colons == '::' else 'class'}-{name}"


def load() -> Support:
    name, version = PACKAGE.split("@")
    archive = FOLDER / f"{name}-{version}.tgz"
    if not archive.exists():
        if not shutil.which("npm"):
            hint = install_hint("npm", "brew install node")
            raise console.Failure(f"Missing: npm, which loads the data of {PACKAGE}\n  {hint}")
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", PACKAGE, "--silent"]
        console.run(f"Loading {PACKAGE}", command, FOLDER / "npm.log", FOLDER, dict(os.environ))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    console.check(digest == DIGEST, f"the package with the digest {DIGEST} in {archive}", digest)
    with tarfile.open(archive) as package:
        found = package.extractfile(DATA)
        assert found
        return Support(json.load(found))


def faults_of(html: str, data: Support, used: set[tuple[int, str]]) -> list[str]:
    """What is wrong with a mail. Adds to `used` what was allowed."""
    mail = Mail(data)
    mail.feed(html)
    mail.close()
    faults = mail.faults
    for use in mail.uses:
        lacking, allowed = data.lacking(use.feature), use.allowed.get(use.feature)
        if lacking and allowed and (not allowed.on or use.on in allowed.on):
            used.add((id(use.allowed), use.feature))
        elif lacking:
            title = data.features[use.feature]["title"]
            faults.append(f"{title} on <{use.on}>: " + "\n    ".join(lacking))
    return sorted(set(faults))


def main() -> None:
    data = load()
    used: set[tuple[int, str]] = set()
    broken = '<table><td style="background:#fff;display:flex"><p style="padding:1px;gap:1px">x</p></td></table>'
    seen = " ".join(faults_of(broken, data, set()))
    for wrong in ("presentation", "background", "display", "padding", "gap"):
        console.check(wrong in seen, f"the lint to see what is wrong with {wrong} in {broken}", seen)
    snapshots = sorted(SNAPSHOTS.glob("mail__tests__mails__*.html.snap"))
    console.check(bool(snapshots), "mails to look at", SNAPSHOTS)
    found: dict[str, list[str]] = {}
    for snapshot in snapshots:
        html = snapshot.read_text().split("---\n", 2)[2]
        for fault in faults_of(html, data, used):
            found.setdefault(fault, []).append(snapshot.stem.removeprefix("mail__tests__mails__"))
    faults = [f"{fault}\n    in {', '.join(mails)}" for fault, mails in found.items()]
    for allowed in (IN_STYLES, IN_THE_STYLE_SHEET, IN_HTML):
        faults += [f"{name} is allowed, and nothing uses it" for name in allowed if (id(allowed), name) not in used]
    if faults:
        raise console.Failure("\n".join(faults) + f"\n\n{len(faults)} faults")
    console.step(f"✓ {len(snapshots)} mails use what {', '.join(FAMILIES)} support, or do without it")


if __name__ == "__main__":
    console.exit_with(main)
