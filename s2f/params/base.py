"""What every section of `params.yaml` shares: strict, frozen, and errors that are one sentence.

A section is a pydantic model in a file of its own, so that DVC sees an edit to the evaluation's section as an edit to
the evaluation and to nothing else. Values keep the type they have in YAML 1.2 (the dialect DVC reads): no string
becomes a number.
"""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from s2f.runtime import InputError


class ParamsError(InputError):
    """A parameter that cannot be used. The message is one sentence: file, key, value, what is allowed."""


class Section(BaseModel):
    """One titled block of `params.yaml`: no unknown key, wrong type or infinity; nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


SectionType = TypeVar("SectionType", bound=BaseModel)


def read_yaml(path: Path | str) -> dict[str, Any]:
    """The whole file as a dict.

    Raises:
        ParamsError: the file is missing, is not YAML, or is not a mapping of sections.
    """
    path = Path(path)
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file; the project's own is params.yaml, in its top folder.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ParamsError(f"{path}: not valid YAML: {reason}") from None
    if not isinstance(content, dict):
        raise ParamsError(f"{path}: expected sections such as 'generation:', found {type(content).__name__}.")
    return content


def parse(model: type[SectionType], content: Any, where: str) -> SectionType:
    """`content` as `model`; `where` (a file, or 'file: section') opens the sentence if it does not fit.

    Raises:
        ParamsError: naming the first key that does not fit, its value and what is allowed.
    """
    try:
        # Through JSON, whose strict mode takes a list for a tuple and 1 for 1.0, and nothing else.
        return model.model_validate_json(json.dumps(content))
    except TypeError as error:
        raise ParamsError(f"{where}: {error}; allowed: numbers, strings, true/false, null, lists.") from None
    except ValidationError as error:
        raise ParamsError(_sentence(error, where)) from None


def read_section(path: Path | str, name: str, model: type[SectionType]) -> SectionType:
    """Section `name` of a params file.

    Raises:
        ParamsError: the section is missing or does not fit.
    """
    content = read_yaml(path)
    if name not in content:
        raise ParamsError(f"{path}: section '{name}' is missing.")
    return parse(model, content[name], f"{path}: {name}")


def read_seed(path: Path | str) -> int:
    """Where all randomness starts.

    Raises:
        ParamsError: it is missing or not a whole number from 0 to 2³² − 1.
    """
    seed = read_yaml(path).get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise ParamsError(f"{path}: seed: allowed are whole numbers from 0 to 4294967295 (found {seed!r}).")
    return seed


def _sentence(error: ValidationError, where: str) -> str:
    # A misspelt key is both unknown and missing: the unknown one is what the user can find.
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    keys = [str(key) for key in first["loc"]]
    key = ".".join(keys)
    separator = "." if key and ": " in where else ": " if key else ""
    place = f"{where}{separator}{key}"
    more = f" ({error.error_count() - 1} more after it)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        return f"{place}: no such parameter{more}."
    if first["type"] == "missing":
        return f"{place}: missing{more}."
    message = first["msg"].removeprefix("Value error, ")
    value = "" if isinstance(first["input"], dict) else f" (found {first['input']!r})"
    return f"{place}: {message[0].lower()}{message[1:]}{value}{more}."
