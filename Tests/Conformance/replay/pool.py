# SPDX-License-Identifier: Apache-2.0
"""Plays cases several at a time, each once, and never loses one."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable, Iterable

from .failure import Failure
from .recordings import Case, name_of
from .report import Result


def play_all(cases: Iterable[Case], workers: list[Callable[[Case], list[str]]]) -> Result:
    """Plays cases in order, one at a time in the thread of each worker.

    A worker returns what is different in a case. When it stumbles over its own feet the case has failed and is said to;
    a `Failure` ends everything, since without a server there is no result.
    """
    waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
    for case in cases:
        waiting.put(case)
    result, lock = Result(), threading.Lock()
    failures: list[Failure] = []

    def work(worker: Callable[[Case], list[str]]) -> None:
        while not failures:
            try:
                case = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                lines = worker(case)
            except Failure as failure:
                failures.append(failure)
                return
            except Exception as error:  # noqa: BLE001 (whatever it is, it must not make a case vanish)
                place = traceback.extract_tb(error.__traceback__)[-1]
                lines = [f"the runner stumbled: {type(error).__name__}: {error} ({place.name}, line {place.lineno})"]
            with lock:
                result.add(name_of(case), lines)

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return result
