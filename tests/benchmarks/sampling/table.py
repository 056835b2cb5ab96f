"""What was measured, as Markdown."""

import statistics

from tests.benchmarks.training.table import AIM, spread

NAMES = {"decoder": "face decoder", "cascade": "cascade: decoder and super-resolution"}


def section(drawing, found):
    """Of one batch size; `found` is contestant → {about, decoder, cascade: medians of each turn in seconds}."""
    precision = "bf16" if drawing.decoder.bf16 else "fp32"
    few, more = drawing.evaluations
    yield (
        f"### Batches of {drawing.batch}, w = {drawing.guidance:g}, {drawing.steps} steps of {drawing.decoder.side} px "
        f"and {drawing.enlarging} of {drawing.enlarger.side} px ({few} + {more} evaluations a face), {precision}\n"
    )
    yield "| | parameters | faces/s, decoder | its time by ours | faces/s, cascade | its time by ours | channels |"
    yield "|---|---|---|---|---|---|---|"
    for name, one in found.items():
        cells = [name, " + ".join(f"{count:,}" for count in one["about"]["parameters"])]
        for stage in NAMES:
            cells += [spread([drawing.batch / turn for turn in one[stage]], ",.1f"), ratio(found, name, stage)]
        yield "| " + " | ".join([*cells, one["about"]["layout"].split()[1]]) + " |"
    yield ""
    peers = [name for name in found if name != "ours"]
    for stage, told in NAMES.items() if peers else ():
        fastest = min(peers, key=lambda name: statistics.median(found[name][stage]))
        times = ratio(found, fastest, stage)
        yield f"- **Ours against the faster peer, {fastest}, {told}: {times} times its rate**; the aim is {AIM}."
    yield ""


def ratio(found, name, stage):
    """A contestant's time by ours, turn by turn."""
    return spread([theirs / ours for theirs, ours in zip(found[name][stage], found["ours"][stage], strict=True)], ".2f")
