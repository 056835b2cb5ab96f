"""What was measured, as Markdown."""

SATURATED = 0.98  # of [−1, 1]: a number that is as good as clipped


def rows(found, full):
    """The table of ways → what was measured of each; `full` is the way that all are compared with."""
    yield (
        "| decoder | enlarger | w | evaluations a face | processor ms a face | one face | cosine to the true face "
        "| less the full walk's | Fréchet distance | less the full walk's, of the same people | clipped |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for way, one in found.items():
        alone = way == full
        yield (
            "| "
            + " | ".join(
                [
                    walk(way.decode) + (", other noise" if way.noise else ""),
                    walk(way.enlarge),
                    f"{way.guidance:g}",
                    evaluations(way, full),
                    " + ".join(f"{1000 * seconds / one['n']:,.0f}" for seconds in one["seconds"]),
                    f"{one['one_face']} of {one['n']}",
                    interval(one["cosine"], 3),
                    "–" if alone else tested(one["cosine_apart"]),
                    f"{one['distance']:.3f}{of(one['cosine'].n, one['n'])}",
                    "–" if alone else by_luck(one["distance_apart"], one["n"]),
                    f"{one['clipped']:.1%}",
                ]
            )
            + " |"
        )


def walk(one):
    """Sampler, steps, threshold."""
    return f"{one.sampler} {one.steps}" + (f", threshold {one.threshold:g}" if one.threshold else "")


def evaluations(way, full):
    """Of both networks, and how many times fewer than the full walk's."""
    own, most = sum(way.evaluations), sum(full.evaluations)
    return " + ".join(f"{count:,}" for count in way.evaluations) + (f" ({most / own:.0f}× fewer)" if own < most else "")


def interval(one, digits):
    """Value and interval, or why there is none."""
    if one.value is None:
        return one.why
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def tested(one):
    """A difference with interval and p."""
    return one.why if one.value is None else f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f}), p {one.p:.2g}"


def by_luck(one, n):
    """A difference beside luck's reach."""
    return f"{one.value:+.4f} (luck {one.low:+.4f} to {one.high:+.4f}), p {one.p:.2g}{of(one.n, n)}"


def of(found, n):
    """Of how many faces, where it is not all of them."""
    return "" if found == n else f", N = {found}"
