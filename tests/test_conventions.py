# SPDX-License-Identifier: EUPL-1.2
"""What the house style asks and no other tool checks."""

import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CEILING = 400  # lines of a module
TEST_CEILING = 600  # lines: a table of cases is long, not complex
STANDING_ALONE = (
    ROOT / "envelopes" / "offline" / "verify.py"
)  # so that it can be copied and read alone
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "mixins", "base"}
SOURCES = {".css", ".js", ".py", ".sh", ".ts"}
LICENCE = "SPDX-License-Identifier: EUPL-1.2"
REGISTRIES = re.compile(r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|com)\b")
EXCEPTIONS = {  # how a tool is told to look away, and how the house wants it said
    "# noqa": re.compile(r"# noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)* - \S"),
    "# type: ignore": re.compile(r"# type: ignore\[[a-z-]+(?:, ?[a-z-]+)*\] {1,2}# \S"),
    "eslint-disable": re.compile(r"eslint-disable-next-line \S+(?:, \S+)* -- \S"),
    "@ts-ignore": re.compile(r"(?!)"),  # never: @ts-expect-error fails once it is not needed
    "@ts-expect-error": re.compile(r"@ts-expect-error \S"),
}


def ours(*suffixes: str) -> Iterator[Path]:
    """The files of the repository, committed or about to be, that end so; migrations are generated."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.check_output(listing, cwd=ROOT, text=True).split("\0"):
        path = ROOT / name
        if path.suffix in suffixes and path.is_file() and "migrations" not in path.parts:
            yield path


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_modules_stay_under_the_ceiling():
    def ceiling(path: Path) -> int:
        is_long = path.is_relative_to(ROOT / "tests") or path == STANDING_ALONE
        return TEST_CEILING if is_long else CEILING

    too_long = [path for path in ours(".py", ".ts") if len(lines_of(path)) > ceiling(path)]

    assert named(too_long) == []


def test_sources_name_their_licence():
    def has_licence(path: Path) -> bool:
        lines = [line for line in lines_of(path)[:2] if not line.startswith("#!")]
        return not lines or LICENCE in lines[0]

    assert named([path for path in ours(*SOURCES) if not has_licence(path)]) == []


def test_modules_have_a_name_that_says_something():
    assert named([path for path in ours(".py", ".ts") if path.stem in FORBIDDEN_NAMES]) == []


def test_exceptions_granted_to_tools_give_a_code_and_a_reason():
    unexplained = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in ours(".py", ".ts")
        if path != Path(__file__)
        for number, line in enumerate(lines_of(path), 1)
        for mark, wanted in EXCEPTIONS.items()
        if mark in line and not wanted.search(line)
    ]

    assert unexplained == []


def test_what_remains_to_be_done_cites_an_issue():
    unowned = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in ours(".py", ".ts", ".html")
        for number, line in enumerate(lines_of(path), 1)
        if re.search(r"\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\): )", line) and path != Path(__file__)
    ]

    assert unowned == []


def test_tests_are_functions():
    classes = [
        path
        for path in ours(".py")
        if path.name.startswith("test_")
        and any(re.match(r"class Test", line) for line in lines_of(path))
    ]

    assert named(classes) == []


def test_templates_carry_no_inline_code():
    pattern = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+="
    )

    inline = [path for path in ours(".html") if pattern.search(path.read_text(encoding="utf-8"))]

    assert named(inline) == []


def test_row_of_cells_has_a_header():
    """A screen reader that goes through a column says of which row each cell is."""
    rows = [
        (path, row)
        for path in ours(".html")
        if path.parent.name != "elements"  # of allauth: a tag each
        for row in re.findall(r"<tr\b.*?</tr>", path.read_text(encoding="utf-8"), re.DOTALL)
        if "<td" in row
    ]

    bare = [path for path, row in rows if '<th scope="row"' not in row]

    assert named(bare) == []
    assert len(rows) > 20


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_python_lock_is_hashed_and_says_nothing_of_where_it_was_made(name):
    lines = lines_of(ROOT / name)

    unhashed = [
        line
        for line, following in pairwise([*lines, ""])
        if re.match(r"[a-z0-9]", line, re.IGNORECASE) and "--hash=sha256:" not in following
    ]

    assert unhashed == []
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


def test_npm_lock_says_nothing_of_where_it_was_made():
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock
    assert "omit-lockfile-registry-resolved=true" in lines_of(ROOT / ".npmrc")


def test_no_file_names_a_registry():
    suffixes = {*SOURCES, "", ".in", ".json", ".md", ".toml", ".txt", ".yaml", ".yml"}

    naming = [path for path in ours(*suffixes) if REGISTRIES.search(path.read_text("utf-8"))]

    assert named(naming) == []


def test_documents_name_files_that_exist():
    """A promise whose owner test was renamed would be a promise without a test."""
    documents = [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")]
    named = [
        (document.name, path)
        for document in documents
        for path in re.findall(
            r"`([\w./-]+/[\w.-]*\.(?:py|ts|md|yml|html))`", document.read_text("utf-8")
        )
    ]

    missing = [(document, path) for document, path in named if not found(path)]

    assert missing == []
    assert len(named) > 10


def found(path: str) -> bool:
    """Whether a document's path is one of ours, from the root or from an app's or the scripts' folder."""
    return any((ROOT / folder / path).exists() for folder in ("", "static/ts", "marketplace"))
