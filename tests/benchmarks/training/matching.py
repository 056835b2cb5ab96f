"""Whether contestants are of one size: a peer's parameters are within a twentieth of ours."""

TOLERANCE = 0.05


class UnmatchedError(Exception):
    """A peer's U-Net is larger or smaller than ours: the comparison would say nothing."""


def check(task, peer, parameters, ours):
    """Raises UnmatchedError, with the sentence that says what to change."""
    apart = parameters / ours - 1
    if abs(apart) > TOLERANCE:
        raise UnmatchedError(
            f"{peer}'s {task.kind} at the {task.scale}'s scale has {parameters:,} parameters and ours {ours:,}, "
            f"{apart:+.1%}; allowed: {TOLERANCE:.0%} more or less. Change its SETTINGS."
        )
