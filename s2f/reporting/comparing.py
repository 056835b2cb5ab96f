"""Two runs beside each other, in words, as a table, a figure and a page: what `s2f compare` shows."""

from typing import Any

from matplotlib.figure import Figure

from s2f.reporting.drawing import RULE, Draw
from s2f.reporting.figures import CHANCE
from s2f.reporting.group_tables import DIGITS, TITLES
from s2f.reporting.pages import Diagram, fill_html
from s2f.reporting.tables import LOOKERS, NONE, Table, estimate, p_value

MEASURES_R = "measures_r"
ALL_TITLES = TITLES | {MEASURES_R: "face measures r", "enlarging_cosine_gain": "enlarging gain"}
ALL_DIGITS = DIGITS | {"enlarging_cosine_gain": 3}
WORDS = {"same": "the same", "few": "too few people", "unknown": "not known"}
COLOURS = {"better": "#3aa387", "worse": "#c8553d"}
WIDTH, HEIGHT = 7.2, 3.5  # inches


def is_same(content: dict[str, Any]) -> bool:
    """Whether nothing that both runs have differs in any number."""
    kinds = content["verdicts"]
    return bool(kinds["same"]) and not any(names for kind, names in kinds.items() if kind not in ("same", "unknown"))


def comparison(content: dict[str, Any]) -> Table:
    """A row for each headline: both sides and their difference, or the numbers that both have."""
    headlines, caption = content["headlines"].items(), "The headlines of A and B"
    if is_same(content):
        rows = [[ALL_TITLES[name], _number(name, row["b"]), _count(row)] for name, row in headlines]
        return Table(caption, ["headline", "A and B", "N of people"], rows, _about(content))
    rows = [[ALL_TITLES[name], *_cells(name, row)] for name, row in headlines]
    notes = [
        "B − A is taken on the same voices or portraits: its interval draws people, p exchanges the two runs' answers "
        f"person by person, Holm's p is corrected for the {len(rows)} rows.",
        *_about(content),
        "What is tested is whether these two runs differ on these voices. Another seed differs, too: a change of "
        "settings is shown by more than one.",
    ]
    return Table(caption, ["headline", "A", "B", "B − A", "p", "Holm's p", "N of people", "verdict"], rows, notes)


def _cells(name: str, row: dict[str, Any]) -> list[str]:
    difference, said = row["difference"], WORDS.get(row["verdict"], row["verdict"])
    sides = [_number(name, row[side]) for side in "ab"]
    if difference["value"] is None or difference["same"]:
        return [*sides, NONE, NONE, NONE, _count(row), said]
    ps = [p_value(difference["p"]), p_value(difference["p_holm"])]
    return [*sides, _number(name, difference), *ps, _count(row), said]


def _number(name: str, one: dict[str, Any]) -> str:
    return NONE if one["value"] is None else estimate(one, ALL_DIGITS.get(name, 2))


def _count(row: dict[str, Any]) -> str:
    difference = row["difference"]
    return f"{difference['n']} of {difference['people']}" if "people" in difference else str(difference["n"])


def _about(content: dict[str, Any]) -> list[str]:
    """What the rows are, and why some have no number."""
    said = [f"Found: among the first {content['found_among']} of one gallery."]
    measures = content["headlines"][MEASURES_R]["measures"]
    if measures["used"]:
        said.append(
            f"Face measures r: the mean over {measures['used']} of {measures['of']} craniofacial measures of r with "
            f"the true face's. Beyond chance, as a report counts them, are {measures['beyond_chance_a']} of A's and "
            f"{measures['beyond_chance_b']} of B's; such a count takes no paired test."
        )
    missing: dict[str, list[str]] = {}
    for name, row in content["headlines"].items():
        if row["verdict"] == "unknown":
            missing.setdefault(row["difference"]["reason"].removeprefix("not available: "), []).append(ALL_TITLES[name])
    return [*said, *_left_out(content), *(f"Not known, {', '.join(names)}: {why}." for why, names in missing.items())]


def _left_out(content: dict[str, Any]) -> list[str]:
    sides = [(side, content[side]["name"]) for side in "ab"]
    said = [
        f"{ALL_TITLES[name]} {row[f'only_{side}']} that only {run} has"
        for name, row in content["headlines"].items()
        for side, run in sides
        if row[f"only_{side}"]
    ]
    return [f"Left out of both sides: {', '.join(said)}."] if said else []


def introduction(content: dict[str, Any]) -> list[str]:
    """Sentences that a reader needs before the numbers: other rulers first, then who is compared, and how."""
    a, b, voices, portraits = (content[key] for key in ("a", "b", "voices", "portraits"))
    said = [_rulers(content)] if _rulers(content) else []
    said.append(f"A is {_called(content, 'a')}, B is {_called(content, 'b')}.")
    said += [
        f"{name}: params.yaml was edited after its data was made ({', '.join(keys)}); dvc repro makes it anew."
        for name, keys in content.get("edited", {}).items()
    ]
    said.append(
        f"{voices['both']} voices of {voices['people']} people and {portraits['both']} portraits are in both runs"
        f"{_alone('A', voices['only_a'], portraits['only_a'])}{_alone('B', voices['only_b'], portraits['only_b'])}."
    )
    if a["guidance"] != b["guidance"]:
        said.append(f"{a['name']} is taken at w = {a['guidance']}, {b['name']} at w = {b['guidance']}.")
    else:
        said.append(f"Both at w = {a['guidance']}.")
    if a["samples"] != b["samples"]:
        said.append(
            f"{a['name']} has {a['samples']} samples of each voice, {b['name']} {b['samples']}: the first "
            f"{content['samples']} of both are compared."
        )
    return said


def _called(content: dict[str, Any], side: str) -> str:
    """Its name, and the commit that this stands for."""
    name: str = content[side]["name"]
    commit = content.get("commits", {}).get(side)
    return f"{name} (commit {commit[:7]})" if commit and not commit.startswith(name) else name


def _alone(run: str, voices: int, portraits: int) -> str:
    return f", {voices} voices and {portraits} portraits in {run} alone" if voices or portraits else ""


def _rulers(content: dict[str, Any]) -> str:
    """One sentence, where the two runs were not judged alike."""
    other, said = content["other_rulers"], []
    if other["networks"]:
        networks = [f"{LOOKERS.get(role, role)} {_other(*both)}" for role, both in other["networks"].items()]
        said.append(f"other networks looked ({', '.join(networks)})")
    if other["unknown"]:
        said.append(f"which networks looked is not known of {' and '.join(other['unknown'])}")
    if other["true_faces"]:
        said.append(f"{other['true_faces']} of {content['voices']['both']} true faces are not the same")
    if other["portraits"]:
        said.append(f"{other['portraits']} of {content['portraits']['both']} true portraits are not the same")
    if other["people"]:
        said.append(f"who is one person is said otherwise, and taken from {content['b']['name']}")
    return f"Not judged by one ruler: {'; '.join(said)}. So a difference may be the rulers', too." if said else ""


def _other(a: list[str] | None, b: list[str] | None) -> str:
    """Two networks: their names, or their hashes where the names are the same."""
    if a and b and a[0] == b[0]:
        return f"{a[0]}, sha256 {a[1][:8]} and {b[1][:8]}"
    return " and ".join(one[0] if one else "none" for one in (a, b))


def changes(content: dict[str, Any]) -> list[str]:
    """What is known to differ between the two runs' settings and code, a line each."""
    lines = [_change(*parameter) for parameter in content["parameters"]]
    if not lines:
        lines = ["No parameter that decides a result differs."]
    code = content["code_files"]
    return lines + ([f"code: {code} {'file differs' if code == 1 else 'files differ'}"] if code else [])


def _change(name: str, before: str, now: str) -> str:
    """A parameter that only one side knows has no value on the other."""
    if before == NONE:
        return f"{name}: {now}, which A does not know"
    return f"{name}: {before}, which B does not know" if now == NONE else f"{name}: {before} → {now}"


def conclusion(content: dict[str, Any]) -> str:
    """The verdict, in one sentence."""
    a, b, voices, kinds = content["a"]["name"], content["b"]["name"], content["voices"], content["verdicts"]
    at = f"at N = {voices['both']} voices of {voices['people']} people and {content['portraits']['both']} portraits"
    if is_same(content):
        every = "every headline" if not kinds["unknown"] else "everything that is known"
        return f"{a} and {b} measured the same: {every} has one and the same number in both, {at}."
    known = [name for kind in kinds if kind != "unknown" for name in kinds[kind]]
    if not known:
        return f"Nothing of {a} and {b} can be compared."
    claims = [f"{how} at {_and(kinds[how])}" for how in ("better", "worse") if kinds[how]]
    rest = [name for kind in ("same", "unclear", "few") for name in kinds[kind]]
    same = rest == kinds["same"]
    if claims:
        said = f"{b} is {' and '.join(claims)} than {a}"
        said += f"; the rest {'is the same' if same else 'cannot be told apart'} {at}" if rest else f" {at}"
    else:
        said = f"{b} and {a} cannot be told apart {at}"
    if kinds["few"]:
        said += f"; too few people to say anything of {_and(kinds['few'])}"
    if kinds["unknown"]:
        said += f"; nothing is known of {_and(kinds['unknown'])}"
    return f"{'By different rulers, ' if _rulers(content) else ''}{said}."


def _and(names: list[str]) -> str:
    titles = [ALL_TITLES[name] for name in names]
    return " and ".join(part for part in (", ".join(titles[:-1]), titles[-1]) if part)


def forest(content: dict[str, Any]) -> Draw:
    """Each headline's difference with its interval, and its numbers beside it."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        rows = list(content["headlines"].items())[::-1]
        for at, (name, row) in enumerate(rows):
            difference, colour = row["difference"], COLOURS.get(row["verdict"], CHANCE)
            if difference["value"] is not None and not difference["same"]:
                axes.plot([difference["low"], difference["high"]], [at, at], color=colour, linewidth=1.8)
                axes.plot(difference["value"], at, "o", color=colour, markersize=6)
            words = _difference(name, row)
            axes.text(1.02, at, words, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
        axes.axvline(0, color=RULE, linewidth=0.8)
        axes.set_yticks(range(len(rows)), [ALL_TITLES[name] for name, _ in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel(f"← {content['a']['name']} higher · {content['b']['name']} higher →")

    return draw


def _difference(name: str, row: dict[str, Any]) -> str:
    return WORDS["same"] if row["verdict"] == "same" else _number(name, row["difference"])


def figure_text(content: dict[str, Any]) -> str:
    """The figure's words for who cannot see it."""
    rows = content["headlines"].items()
    said = [f"{ALL_TITLES[name]} {_difference(name, row)}" for name, row in rows]
    return f"Differences with intervals, {content['b']['name']} less {content['a']['name']}: {'; '.join(said)}."


def render_page(content: dict[str, Any]) -> str:
    """One self-contained HTML page."""
    page = {
        "names": f"{content['a']['name']} and {content['b']['name']}",
        "table": comparison(content),
        "introduction": introduction(content),
        "conclusion": conclusion(content),
        "changes": changes(content),
        "confidence": f"{content['confidence']:.0%}",
    }
    drawn = [] if is_same(content) else [Diagram("forest", forest(content), WIDTH, HEIGHT, figure_text(content))]
    return fill_html("compare.html.j2", page, drawn)
