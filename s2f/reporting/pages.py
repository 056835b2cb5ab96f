"""How a template becomes a page: one self-contained HTML file, or Markdown.

Everything that comes from data is escaped; a page loads nothing and runs no script.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from s2f.reporting.drawing import Draw, as_svg

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Diagram:
    """A figure by name: how to draw it, its size in inches, its words for who cannot see it, and what to know of it."""

    name: str
    draw: Draw
    width: float
    height: float
    text: str
    note: str = ""


def fill_html(template: str, content: dict[str, Any], drawn: list[Diagram]) -> str:
    """The page that a template makes of `content`; `figures` in it are the diagrams by name, as (SVG, note)."""
    environment = _environment(autoescape=True)
    environment.filters["data_uri"] = data_uri
    return environment.get_template(template).render(
        **content,
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        figures={
            one.name: (Markup(as_svg(one.draw, one.width, one.height, one.name, one.text)), one.note) for one in drawn
        },  # drawn by matplotlib, which escapes its texts
    )


def fill_markdown(template: str, content: dict[str, Any]) -> str:
    """The text that a template makes of `content`."""
    environment = _environment(autoescape=False)
    environment.filters |= {
        "md": markdown_text,
        "md_row": markdown_row,
        "md_rule": lambda row: "| --- " * len(row) + "|",
    }
    return re.sub(r"\n{3,}", "\n\n", environment.get_template(template).render(**content))


def _environment(autoescape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def data_uri(content: bytes) -> str:
    """Bytes of a JPEG, PNG or FLAC as a data: address."""
    kinds = {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png", b"fL": "audio/flac"}
    kind = kinds.get(content[:2], "application/octet-stream")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    text = " ".join(str(text).split())
    return re.sub(r"([\\`*_{}\[\]<>|#$~])", r"\\\1", text).replace("&", "&amp;")


def markdown_row(cells: list[Any]) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(markdown_text(cell) for cell in cells) + " |"
