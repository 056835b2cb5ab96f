"""The sample's params with one value changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

SAMPLE = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, Any], Path]:
    """Sets one dotted key, removes it for `...`, and says where the file is."""

    def edit(key: str, value: Any) -> Path:
        content = YAML(typ="safe").load(SAMPLE.read_text())
        *sections, name = key.split(".")
        place = content
        for section in sections:
            place = place[section]
        if value is ...:
            del place[name]
        else:
            place[name] = value
        path = tmp_path / "params.yaml"
        YAML(typ="safe").dump(content, path)
        return path

    return edit
