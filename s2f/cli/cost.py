"""`s2f cost`: what the trainings of a params file take, before anything is trained."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from s2f.training.cost import Cost

DAY_S = 86_400


def cost(
    params: Annotated[Path, typer.Option(help="Parameters, whole.")] = Path("params.yaml"),
    measure: Annotated[int, typer.Option(min=0, help="Real steps to time on this machine; 0: none.")] = 0,
    tflops: Annotated[
        float | None, typer.Option(help="What all devices together reach, in 10¹² FLOP/s: instead of a measure.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="That share each batch; by default as many as the params' launch names.")
    ] = None,
    days: Annotated[float | None, typer.Option(min=0, help="A budget for each model: how many steps it buys.")] = None,
) -> None:
    """Print what training takes: FLOPs, memory, bytes, and from measured steps the days.

    \b
    s2f cost --params params.paper.yaml --tflops 400             the paper's models on what reaches 400 TFLOP/s
    s2f cost --measure 5 --days 1                                the sample's on this machine, and what a day buys

    A row is a clip or a picture, forwards and backwards; state is weights, gradients, LAMB's moments and the average.
    State, rows at once and memory are one process's. FLOPs and bytes are computed from the models themselves; what is
    measured is the step alone, of one process that has the whole batch, without reading data.
    """
    from rich.console import Console
    from rich.table import Column, Table

    from s2f.params.experiment import read_experiment
    from s2f.runtime import InputError, progress
    from s2f.training.cost import costs
    from s2f.training.pace import seconds_per_step

    if measure and tflops is not None:
        raise InputError("cost: --measure and --tflops both say how fast a step is; allowed: one of them.")
    if tflops is not None and tflops <= 0:
        raise InputError(f"cost: --tflops {tflops:g} is no speed; allowed: above 0.")
    if days is not None and not measure and tflops is None:
        raise InputError("cost: --days needs to know how fast a step is; allowed: with --measure or --tflops.")
    whole = read_experiment(params)
    count = processes or whole.processes
    if count is None:
        raise InputError(
            f"cost: {whole.launch!r} does not say how many processes it starts; allowed: with --processes."
        )
    found, seconds = costs(whole, count), dict[str, float]()
    if tflops is not None:
        seconds = {kind: one.flops_per_row * one.batch / (tflops * 1e12) for kind, one in found.items()}
    if measure:
        with progress() as bar:
            task = bar.add_task("measuring", total=len(found), note="")
            for kind in found:
                bar.update(task, note=kind)
                seconds[kind] = seconds_per_step(kind, whole, measure)
                bar.advance(task)
    columns = (Column(kind.replace("_", " "), justify="right", no_wrap=True) for kind in found)
    table = Table(
        Column("", no_wrap=True), *columns, title=f"{params}, {'one process' if count == 1 else f'{count} processes'}"
    )
    by = " by one process" if measure and count > 1 else ""
    for what, cells in rows_of(found, seconds, days, by).items():
        table.add_row(what, *cells)
    Console().print(table)


def rows_of(
    found: dict[str, "Cost"], seconds: dict[str, float], days: float | None, by: str = ""
) -> dict[str, list[str]]:
    """The table's rows by title, a cell for each model; `by` says whose the seconds are."""
    every = list(found.values())
    rows = {
        "parameters": [f"{one.parameters:,}" for one in every],
        "GFLOP a row": [f"{one.flops_per_row / 1e9:,.1f}" for one in every],
        "rows, a step": [f"{one.batch:,}" for one in every],
        "steps": [f"{one.steps:,}" for one in every],
        "FLOP in all": [f"{one.flops:.2e}" for one in every],
        "GB of state": [gigabytes(one.state_bytes) for one in every],
        "GB kept, a row": [gigabytes(one.kept_bytes_per_row) for one in every],
        "rows at once": [f"{one.at_once:,}" for one in every],
        "GB of memory": [gigabytes(one.memory_bytes) for one in every],
        "MB fed, a step": [f"{one.fed_bytes / 1e6:,.1f}" for one in every],
        "GB of state moved, a step": [gigabytes(one.state_traffic_bytes) for one in every],
    }
    if seconds:
        pairs = [(one, seconds[kind]) for kind, one in found.items()]
        rows |= {
            f"seconds a step{by}": [f"{took:.3g}" for _, took in pairs],
            "TFLOP/s": [f"{one.flops_per_row * one.batch / took / 1e12:.3g}" for one, took in pairs],
            f"days for all steps{by}": [f"{took * one.steps / DAY_S:,.3g}" for one, took in pairs],
        }
        if days is not None:
            bought = [(one, days * DAY_S / took) for one, took in pairs]
            rows[f"steps in {days:g} days{by}"] = [f"{int(steps):,}" for _, steps in bought]
            rows["  of those asked for"] = [
                f"{steps / one.steps:,.0%}" if steps < one.steps else "all" for one, steps in bought
            ]
    return rows


def gigabytes(number: int) -> str:
    """10⁹ bytes, three digits."""
    return f"{number / 1e9:,.3g}" if number < 1e12 else f"{number / 1e9:,.0f}"
