"""People at their browsers while the server is being killed."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from tests.server import Caller, Server, signed_in


@dataclass
class Clerk:
    """Fills one cell again and again; what was acknowledged is kept in order."""

    caller: Caller
    path: str
    address: str
    was: str
    first: int
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def work(self, stop: threading.Event) -> None:
        number = self.first
        while not stop.is_set():
            number += 1
            self.save(str(number))

    def save(self, value: str) -> None:
        change = {"address": self.address, "was": self.was, "value": value}
        body = json.dumps({"changes": [change]})
        status, content = self.caller.until_answered("POST", self.path, body, "application/json")
        if status != 200:
            self.refused.append(f"{status} {content[:200].decode(errors='replace')}")
            time.sleep(0.05)
            return
        answer = json.loads(content)
        if answer["conflicts"] or answer["problems"]:
            self.refused.append(json.dumps([*answer["conflicts"], *answer["problems"]], ensure_ascii=False))
            self.was = next((one["theirs"] for one in answer["conflicts"]), self.was)
            return
        self.acknowledged.append(value)
        self.was = value


def clerk(server: Server, user: Any, submission: Any, form: str, address: str, was: str, first: int) -> Clerk:
    path = reverse("evaluations:save", args=[submission.pk, form])
    return Clerk(Caller(server, signed_in(user)), path, address, was, first)


def at_work(clerks: Sequence[Clerk], meanwhile: Callable[[], None]) -> None:
    """All clerks save without pause until ``meanwhile`` is over; each then waits for the last answer."""
    stop = threading.Event()
    threads = [threading.Thread(target=one.work, args=(stop,)) for one in clerks]
    for thread in threads:
        thread.start()
    try:
        meanwhile()
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=90)
    assert not any(thread.is_alive() for thread in threads), "a clerk still waits for an answer"


def killed_during(server: Server, work: Callable[[], object], within: float, chance: random.Random) -> None:
    """Does ``work`` and kills a worker at a random moment of the first ``within`` seconds."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(chance.uniform(0, within))
    server.kill_worker(chance)
    thread.join(timeout=90)
    assert not thread.is_alive() and not problems, problems


def decide(caller: Caller, submission: Any, action: str, revision: int) -> tuple[int, bytes]:
    """Presses a button of the workflow, with one key for all attempts."""
    path = reverse("evaluations:act", args=[submission.pk, action])
    form = urlencode({"revision": revision, "idempotency_key": f"{action}-{submission.pk.hex}"})
    return caller.until_answered("POST", path, form, "application/x-www-form-urlencoded")
