"""Two runs beside each other, in words, as a table, a figure and a page: what `s2f compare` shows."""

from typing import Any

from matplotlib.figure import Figure

from s2f.reporting.drawing import RULE, Draw
from s2f.reporting.figures import CHANCE
from s2f.reporting.group_tables import DIGITS, TITLES
from s2f.reporting.pages import Diagram, fill_html
from s2f.reporting.tables import LOOKERS, NONE, Table, estimate, p_value

ALL_TITLES = TITLES | {"enlarging_cosine_gain": "enlarging gain"}
ALL_DIGITS = DIGITS | {"enlarging_cosine_gain": 3}
WORDS = {"same": "the same", "few": "too few people"}
COLOURS = {"better": "#3aa387", "worse": "#c8553d"}
WIDTH, HEIGHT = 7.2, 3.2  # inches


def comparison(content: dict[str, Any]) -> Table:
    """A row for each headline."""
    a, b = content["a"]["name"], content["b"]["name"]
    rows = [[ALL_TITLES[name], *_cells(row, ALL_DIGITS.get(name, 2))] for name, row in content["headlines"].items()]
    first = content["found_among"]
    notes = [
        "B − A is taken on the same voices or portraits: its interval draws people, p exchanges the two runs' answers "
        f"person by person, Holm's p is corrected for the {len(rows)} rows. Found: among the first {first} of one "
        "gallery.",
        *_left_out(content),
        "What is tested is whether these two runs differ on these voices. Another seed differs, too: a change of "
        "settings is shown by more than one.",
    ]
    return Table(
        f"{a} and {b}", ["headline", f"A: {a}", f"B: {b}", "B − A", "p", "Holm's p", "N", "verdict"], rows, notes
    )


def _cells(row: dict[str, Any], digits: int) -> list[str]:
    difference = row["difference"]
    if difference["value"] is None:
        reason = difference["reason"].removeprefix("not available: ")
        sides = [estimate(row[side], digits) if row[side]["value"] is not None else NONE for side in "ab"]
        return [*sides, NONE, NONE, NONE, str(difference["n"]), reason]
    numbers = [estimate(one, digits) for one in (row["a"], row["b"], difference)]
    ps = [p_value(difference["p"]), p_value(difference["p_holm"])]
    count = f"{difference['n']} of {difference['people']}"
    return [*numbers, *ps, count, WORDS.get(row["verdict"], row["verdict"])]


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
    commits = {content[side]["name"]: commit for side, commit in content.get("commits", {}).items() if commit}
    named = {name: commit for name, commit in commits.items() if not commit.startswith(name)}
    if named:
        said.append(f"{', '.join(f'{name} is commit {commit[:7]}' for name, commit in named.items())}.")
    said += [
        f"{name}: params.yaml was edited after its data was made ({', '.join(keys)}); `dvc repro` makes it anew."
        for name, keys in content.get("edited", {}).items()
    ]
    said.append(
        f"{voices['both']} voices of {voices['people']} people are in both runs, {voices['only_a']} in {a['name']} "
        f"alone, {voices['only_b']} in {b['name']} alone; of portraits {portraits['both']}, {portraits['only_a']} and "
        f"{portraits['only_b']}."
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
    lines = [f"{name}: {before} → {now}" for name, before, now in content["parameters"]]
    if not lines:
        lines = ["No parameter that decides a result differs."]
    code = content["code_files"]
    return lines + ([f"code: {code} {'file differs' if code == 1 else 'files differ'}"] if code else [])


def conclusion(content: dict[str, Any]) -> str:
    """The verdict, in one sentence."""
    a, b, voices, kinds = content["a"]["name"], content["b"]["name"], content["voices"], content["verdicts"]
    known = [name for kind in kinds if kind != "unknown" for name in kinds[kind]]
    if not known:
        return f"Nothing of {a} and {b} can be compared."
    at = f"at N = {voices['both']} voices of {voices['people']} people and {content['portraits']['both']} portraits"
    claims = [f"{how} at {_and(kinds[how])}" for how in ("better", "worse") if kinds[how]]
    rest = [name for kind in ("same", "unclear", "few") for name in kinds[kind]]
    same = rest == kinds["same"]
    if claims:
        said = f"{b} is {' and '.join(claims)} than {a}"
        said += f"; the rest {'is the same' if same else 'cannot be told apart'} {at}" if rest else f" {at}"
    else:
        said = f"{b} and {a} {'measure the same' if same else 'cannot be told apart'} {at}"
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
            if difference["value"] is not None:
                axes.plot([difference["low"], difference["high"]], [at, at], color=colour, linewidth=1.8)
                axes.plot(difference["value"], at, "o", color=colour, markersize=6)
            words = _cells(row, ALL_DIGITS.get(name, 2))[2]
            axes.text(1.02, at, words, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
        axes.axvline(0, color=RULE, linewidth=0.8)
        axes.set_yticks(range(len(rows)), [ALL_TITLES[name] for name, _ in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel(f"← {content['a']['name']} higher · {content['b']['name']} higher →")

    return draw


def figure_text(content: dict[str, Any]) -> str:
    """The figure's words for who cannot see it."""
    rows = content["headlines"].items()
    said = [f"{ALL_TITLES[name]} {_cells(row, ALL_DIGITS.get(name, 2))[2]}" for name, row in rows]
    return f"Differences with intervals, {content['b']['name']} less {content['a']['name']}: {'; '.join(said)}."


def render_page(content: dict[str, Any]) -> str:
    """One self-contained HTML page."""
    page = {
        "table": comparison(content),
        "introduction": introduction(content),
        "conclusion": conclusion(content),
        "changes": changes(content),
        "confidence": f"{content['confidence']:.0%}",
    }
    figure = Diagram("forest", forest(content), WIDTH, HEIGHT, figure_text(content))
    return fill_html("compare.html.j2", page, [figure])
