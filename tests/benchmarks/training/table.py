"""What was measured, as Markdown."""

import statistics

AIM = 1.2  # times the rate of the faster peer
NAMES = {"face_decoder": "Face decoder", "super_resolution": "Super-resolution", "speech_encoder": "Speech encoder"}
CEILINGS = ("matmul", "convolution")


def section(task, found):
    """Of one model; `found` is contestant → {about, turns: medians of each turn in seconds, operators}."""
    models = {name: one for name, one in found.items() if name not in CEILINGS}
    ours = found["ours"]["turns"]
    ceiling = statistics.median(rates(found["convolution"]))
    precision = "bf16 autocast" if task.bf16 else "fp32"
    size = f"{task.frames} frames" if task.frames else f"{task.side} px"
    yield f"### {NAMES[task.kind]}, {size}, batches of {task.batch}, {precision}\n"
    yield (
        "| | parameters | GFLOP a step | ms a step | rows/s | its time by ours | GFLOP/s | of the ceiling "
        "| GB of the GPU | channels |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, one in models.items():
        about, rate = one["about"], rates(one)
        ratio = [theirs / mine for theirs, mine in zip(one["turns"], ours, strict=True)]
        yield (
            f"| {name} | {about['parameters']:,} | {about['flops'] / 1e9:,.1f} "
            f"| {spread([1000 * turn for turn in one['turns']], ',.1f')} "
            f"| {task.batch / statistics.median(one['turns']):,.1f} | {spread(ratio, '.2f')} "
            f"| {spread(rate, ',.0f')} | {statistics.median(rate) / ceiling:.0%} "
            f"| {gigabytes(one['memory'])} | {about['layout'].split()[1]} |"
        )
    yield ""
    yield from verdicts(models)
    for name in CEILINGS:
        yield f"- Ceiling, {name}: {spread(rates(found[name]), ',.0f')} GFLOP/s."
    if (own := found["ours"]["about"]) and own["matched"] != own["parameters"]:
        yield f"- Of our parameters {own['matched']:,} are matched: without the face that an embedding draws linearly."
    for name, one in models.items():
        if "operators" in one:
            yield f"- {name} spends " + ", ".join(f"{share:.0%} in `{key}`" for key, share in one["operators"]) + "."
    yield ""


def verdicts(models):
    """Ours against the faster peer, as each library comes and compiled."""
    for ending in ("", ", compiled"):
        name = f"ours{ending}"
        peers = {
            other: one["turns"]
            for other, one in models.items()
            if not other.startswith("ours") and other.endswith(", compiled") == bool(ending)
        }
        if name not in models or not peers:
            continue
        fastest = min(peers, key=lambda other: statistics.median(peers[other]))
        ratio = [theirs / mine for theirs, mine in zip(peers[fastest], models[name]["turns"], strict=True)]
        found = spread(ratio, ".2f")
        yield f"- **{name} against the faster peer, {fastest}: {found} times its rate**; the aim is {AIM}."


def gigabytes(memory):
    """Of a GPU; a processor's is not told apart by contestant."""
    return "–" if memory is None else f"{memory / 1e9:.1f}"


def rates(one):
    """GFLOP/s in each turn."""
    return [one["about"]["flops"] / turn / 1e9 for turn in one["turns"]]


def spread(values, form):
    """Median, and the least and the most."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"
