"""The README's tree names what is there, and nothing that is not."""

import re
import subprocess
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def tree() -> set[str]:
    """Paths in the README's annotated tree, from its two-space indentation."""
    block = re.search(r"```tree\n(.*?)```", README, flags=re.DOTALL)
    assert block, "the README has no ```tree block"
    paths, folders = set(), [""]
    for line in block[1].splitlines():
        entry = re.match(r"( *)(\S+(?: · \S+)*)", line)
        if not entry:
            continue
        depth = len(entry[1]) // 2
        names = entry[2].split(" · ")
        del folders[depth + 1 :]
        paths |= {folders[depth] + name.rstrip("/") for name in names}
        folders.append(folders[depth] + names[0].rstrip("/") + "/")
    return paths


def tracked(root: Path) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=True
    )
    return {path for path in listed.stdout.splitlines() if (root / path).exists()}


def test_everything_in_the_tree_exists(root: Path) -> None:
    missing = {path for path in tree() if not (root / path).exists()}
    assert missing == set()


def test_every_module_and_top_level_entry_is_in_the_tree(root: Path) -> None:
    files = tracked(root)
    wanted = {path.split("/")[0] for path in files if not path.startswith(".")}
    for path in files:
        parts = path.split("/")
        if parts[0] in ("s2f", "flows") and path.endswith(".py") and parts[-1] != "__init__.py":
            wanted.add("/".join(parts[:2]))
            if len(parts) == 3:
                wanted.add(path)
    assert wanted - tree() == set()


def test_the_two_commands_are_the_makefiles(root: Path) -> None:
    makefile = (root / "Makefile").read_text()
    for command in set(re.findall(r"`?make ([a-z]+)`?", README)):
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE), command
