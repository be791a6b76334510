"""Circles in a graph: which of its points can each reach the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


def rings(edges: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """The strongly connected components, each after all that it leads to.

    Tarjan (1972), without recursion: a chain of hires may be longer than Python's stack.
    """
    found: list[tuple[str, ...]] = []
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    inside: set[str] = set()
    for root in sorted(edges):
        if root in number:
            continue
        path: list[tuple[str, Iterator[str]]] = []
        _enter(root, edges, number, low, waiting, inside, path)
        while path:
            point, targets = path[-1]
            target = next(targets, None)
            if target is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[point])
                if low[point] == number[point]:
                    found.append(_leave(point, waiting, inside))
            elif target not in number:
                _enter(target, edges, number, low, waiting, inside, path)
            elif target in inside:
                low[point] = min(low[point], number[target])
    return found


def _enter(
    point: str,
    edges: Mapping[str, Iterable[str]],
    number: dict[str, int],
    low: dict[str, int],
    waiting: list[str],
    inside: set[str],
    path: list[tuple[str, Iterator[str]]],
) -> None:
    number[point] = low[point] = len(number)
    waiting.append(point)
    inside.add(point)
    path.append((point, iter(sorted(edges.get(point, ())))))


def _leave(point: str, waiting: list[str], inside: set[str]) -> tuple[str, ...]:
    circle = []
    while True:
        last = waiting.pop()
        inside.discard(last)
        circle.append(last)
        if last == point:
            return tuple(sorted(circle))
