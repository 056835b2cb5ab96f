"""Retrieval: is the speaker's own face among the first k of the gallery, when a voice or a generated face asks?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.embeddings import all_alike, normalise
from s2f.evaluation.shuffling import Orders, chance, derangements, luck
from s2f.evaluation.statistics import Plan, proportion, unavailable

ALL_FOUND = "everybody is among the first {} of {}"
BLOCK = 256  # queries ranked at once: memory stays a few rows of the gallery


def recall(
    queries: NDArray[np.float64],
    gallery: NDArray[np.float64],
    people: NDArray[np.int64],
    at: tuple[int, ...],
    plan: Plan,
    strata: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """Recall@k of queries (n, d) among gallery (n, d), both centred first, row i belonging to row i.

    A person's other faces are neither hits nor rivals. With `strata` (n,), rivals are only those of the same stratum
    (faces of the same gender, say). Beside each k: chance as if every face were another person's, and the same after
    shuffling who belongs to whom, within strata where there are some.
    """
    n = len(queries)
    reason = no_ranking(queries, gallery)
    if reason:
        return {"gallery": n} | {f"at_{k}": nothing_of(reason, n) for k in at}
    orders = derangements(people, plan.resamples, plan.seed, strata)
    own, shuffled, rivals = _ranks(_centred(queries), _centred(gallery), people, at, orders, strata)
    content: dict[str, Any] = {"gallery": round(float(rivals.mean()), 3)}
    for index, k in enumerate(at):
        if k >= rivals.max():
            content[f"at_{k}"] = nothing_of(ALL_FOUND.format(k, rivals.max()), n)
            continue
        share = float((own < k).mean())
        values = None if shuffled is None else shuffled[index] / n
        content[f"at_{k}"] = proportion(share, n, plan.confidence, people).as_json() | {
            "chance": round(float(np.minimum(1.0, k / rivals).mean()), 6),
            "shuffled": None if values is None else chance(values, n, plan.confidence).as_json(),
            "shuffled_p": luck(share, values),
        }
    return content


def nothing_of(reason: str, n: int) -> dict[str, Any]:
    """No recall, and why."""
    return unavailable(reason, n).as_json() | {"chance": None, "shuffled": None, "shuffled_p": None}


def own_ranks(
    queries: NDArray[np.float64], gallery: NDArray[np.float64], people: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many rivals stand before each query's own face (n,), 0 where it is found first, and its gallery's size (n,).

    `no_ranking` says beforehand whether anything ranks.
    """
    own, _, rivals = _ranks(_centred(queries), _centred(gallery), people, (), None, None)
    return own, rivals


def no_ranking(queries: NDArray[np.float64], gallery: NDArray[np.float64]) -> str | None:
    """Why these queries (n, d) rank nothing in this gallery (n, d), or None."""
    if len(queries) < 2:
        return f"a gallery of {len(queries)} ranks nothing"
    for name, vectors in (("queries", queries), ("faces in the gallery", gallery)):
        if all_alike(vectors):
            return f"all {name} are the same"
    return None


def _centred(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    middle = vectors.mean(0).astype(np.float32)
    return normalise(vectors.astype(np.float32) - middle).astype(np.float32, copy=False)


def _ranks(
    queries: NDArray[np.float32],
    gallery: NDArray[np.float32],
    people: NDArray[np.int64],
    at: tuple[int, ...],
    orders: Orders | None,
    strata: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None, NDArray[np.int64]]:
    """Rank of each query's own face (n,), from 0; hits (len(at), shuffles) of the shuffled ones; gallery sizes (n,).

    A tie counts against the query: a model that says the same of everybody finds nobody.
    """
    n = len(queries)
    own, rivals = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    hits = None if orders is None else np.zeros((len(at), len(orders)), dtype=np.int64)
    for start in range(0, n, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        likeness = queries[rows] @ gallery.T  # (block, n)
        if strata is not None:
            likeness[strata[rows, None] != strata[None]] = -np.inf
        target = likeness[np.arange(len(rows)), rows][:, None].copy()
        likeness[people[rows, None] == people[None]] = -np.inf
        own[rows] = (likeness >= target).sum(1)
        rivals[rows] = 1 + np.isfinite(likeness).sum(1)
        if orders is None or hits is None:
            continue
        places = _others_ahead(likeness, people, max(at))[
            np.arange(len(rows))[None], orders[:, rows]
        ]  # (shuffles, block)
        for index, k in enumerate(at):
            hits[index] += (places < k).sum(1)
    return own, hits, rivals


def _others_ahead(likeness: NDArray[np.float32], people: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """How many faces of other people stand before each face (block, n), likest first; `most` or more is just n.

    A face that a shuffle gives is judged as the true one is: others of its person are no rivals. The query's own
    stand last, so that a shuffle has one person less to beat than we have: it errs on the side of luck.
    """
    n = likeness.shape[1]
    reach = min(
        n, most + int(np.unique(people, return_counts=True)[1].max())
    )  # of those before it, so many may be its own
    first = np.argpartition(-likeness, reach - 1, axis=1)[:, :reach]
    order = np.argsort(-np.take_along_axis(likeness, first, axis=1), axis=1, kind="stable")
    first = np.take_along_axis(first, order, axis=1)
    earlier = _earlier(people[first])
    ahead = np.full(likeness.shape, n, dtype=np.int64)
    np.put_along_axis(ahead, first, np.arange(reach) - earlier, axis=1)
    return ahead


def _earlier(people: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many to the left of each place (block, m) are the same person's."""
    order = np.argsort(people, axis=1, kind="stable")
    sorted_people = np.take_along_axis(people, order, axis=1)
    place = np.broadcast_to(np.arange(people.shape[1]), people.shape)
    begins = np.ones(people.shape, dtype=np.bool_)
    begins[:, 1:] = sorted_people[:, 1:] != sorted_people[:, :-1]
    turn = place - np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    earlier = np.empty_like(order)
    np.put_along_axis(earlier, order, turn, axis=1)
    return earlier
