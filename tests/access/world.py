"""两个单位，各处放着认得出的字；十六种人。一份材料还没有送审，一份退回过又重报、正在财政审核。"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from evaluations.core.workflow import Role, State
from evaluations.models import Submission
from evaluations.selectors import PROJECT_SCOPE, read
from evaluations.services.entry import Change, save_cells
from evaluations.services.packages import import_package
from evaluations.services.packs import open_round, store_pack
from evaluations.services.presence import hand_part
from evaluations.services.workflow import perform
from tests.conftest import PACK_FOLDER, fixture_json
from units.models import Department, User
from units.services import appoint, create_user

SINCE = date(2024, 1, 1)
MINE, THEIRS = "mine", "theirs"
DRAFT, REVIEWED = State.DRAFT.value, State.BUREAU_REVIEW.value

FOREIGN = "evil.example"
"""每个请求都自称来自这个主机（X-Forwarded-Host）；哪个答复里也不该有它。"""
ANONYMOUS, NOBODY, FORMER = "anonymous", "nobody", "former"
PEOPLE: dict[str, tuple[str, Role | None]] = {
    ANONYMOUS: ("", None),
    "preparer": (MINE, Role.PREPARER),
    "colleague": (MINE, Role.PREPARER),
    "head": (MINE, Role.UNIT_HEAD),
    "other_preparer": (THEIRS, Role.PREPARER),
    "other_head": (THEIRS, Role.UNIT_HEAD),
    "department_reviewer": ("branch-mine", Role.DEPARTMENT_REVIEWER),
    "other_department_reviewer": ("branch-theirs", Role.DEPARTMENT_REVIEWER),
    "bureau_reviewer": ("bureau", Role.BUREAU_REVIEWER),
    "department_admin": ("branch-mine", Role.DEPARTMENT_ADMIN),
    "pack_admin": ("bureau", Role.PACK_ADMIN),
    "system_admin": ("bureau", Role.SYSTEM_ADMIN),
    "security_admin": ("bureau", Role.SECURITY_ADMIN),
    "audit_admin": ("bureau", Role.AUDIT_ADMIN),
    NOBODY: ("", None),
    FORMER: (MINE, Role.PREPARER),
}
"""每种人：在哪个单位、任什么岗位。"""
PREPARER, HEAD, REVIEWER, OVERSEER, STRANGER = "preparer", "head", "reviewer", "overseer", "stranger"
"""一个人与一份材料的关系。"""


def relation(who: str, side: str) -> str:
    """这种人与这个单位的材料是什么关系。"""
    place, role = PEOPLE[who]
    if who == FORMER or role is None:
        return STRANGER
    if role in (Role.DEPARTMENT_REVIEWER, Role.BUREAU_REVIEWER):
        return REVIEWER if place in ("bureau", f"branch-{side}") else STRANGER
    if role == Role.PACK_ADMIN:
        return OVERSEER
    known = {Role.PREPARER: PREPARER, Role.UNIT_HEAD: HEAD}
    return known.get(role, STRANGER) if place == side else STRANGER


ANSWER_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
NUMBER = re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}")


@dataclass
class Unit:
    """一个单位，它的材料，和只在它的材料里出现的字。"""

    side: str
    department: Department
    submission: Submission
    project: UUID
    row: str
    words: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> set[str]:
        """除单位名称以外的全部。"""
        return {word for kind, word in self.words.items() if kind != "unit"}


@dataclass
class World:
    units: dict[str, Unit]
    people: dict[str, User | None]
    states: dict[str, str]

    def client(self, who: str, **options: Any) -> Client:
        client = Client(headers={"X-Forwarded-Host": FOREIGN}, **options)
        user = self.people[who]
        if user is not None:
            client.force_login(user)
        return client

    def hidden_from(self, who: str) -> set[str]:
        """这种人在任何答复里都不该看到的字。"""
        hidden = {FOREIGN}
        for side, unit in self.units.items():
            tie = relation(who, side)
            if tie == STRANGER:
                hidden |= {*unit.secrets, unit.words["unit"]}
            elif tie == OVERSEER or (tie == REVIEWER and self.states[side] == DRAFT):
                hidden |= unit.secrets
        return hidden


KINDS = ("unit", "value", "project", "row", "note", "before", "reason", "reply", "preparer", "head")


def words_of(side: str) -> dict[str, str]:
    return {kind: f"Canary{side.title()}{kind.title()}" for kind in KINDS}


def build(state_of_mine: str) -> World:
    """``mine`` 在这个状态，``theirs`` 在另一个。"""
    bureau = Department.objects.create(code="001", name="云湖市财政局", kind=Department.Kind.BUREAU)
    places = {"bureau": bureau, "": bureau}
    for side, code in ((MINE, "1"), (THEIRS, "2")):
        branch = Department.objects.create(
            code=code, name=f"主管部门{code}", kind=Department.Kind.DEPARTMENT, parent=bureau
        )
        places |= {f"branch-{side}": branch}
        places[side] = Department.objects.create(code=f"{code}01", name=words_of(side)["unit"], parent=branch)
    pack = store_pack(folder=PACK_FOLDER)
    open_round(pack=pack, name="2024年度自评", deadline=timezone.now() + timedelta(days=10))
    people = {who: _person(who, places[place], role) for who, (place, role) in PEOPLE.items()}
    states = {
        MINE: state_of_mine,
        THEIRS: DRAFT if state_of_mine == REVIEWED else REVIEWED,
    }
    units = {}
    for side, prefix in ((MINE, ""), (THEIRS, "other_")):
        unit = units[side] = _filled(side, places[side], pack, people[f"{prefix}preparer"])
        if states[side] == REVIEWED:
            staff = (people[f"{prefix}preparer"], people[f"{prefix}head"], people["bureau_reviewer"])
            _sent_back_and_resubmitted(unit, *staff)
    return World(units, people, states)


def _person(who: str, department: Department, role: Role | None) -> User | None:
    if who == ANONYMOUS:
        return None
    side = THEIRS if who.startswith("other_") else MINE
    name = words_of(side).get(who.removeprefix("other_"), who)
    user = create_user(username=who, display_name=name, password="correct horse battery")
    if role is not None:
        until = timezone.localdate() - timedelta(days=1) if who == FORMER else None
        appoint(user=user, department=department, role=role, since=SINCE, until=until)
    return user


def _filled(side: str, department: Department, pack: Any, preparer: User) -> Unit:
    words, data = words_of(side), fixture_json("2024-correct-package")
    data["department"] = {"code": department.code, "name": department.name}
    data["values"]["部门.名称"] = department.name
    data["values"]["厉行节约保障措施"] += words["value"]
    data["values"]["填表人"] = words["before"]
    data["projects"][0]["values"]["项目.名称"] += words["project"]
    data["rows"]["其他业务项目"][0]["名称"] += words["row"]
    data["notes"][0]["text"] += words["note"]
    submission = import_package(data=data, pack=pack)
    changes = [Change("填表人", "周晓", was=words["before"])]
    save_cells(submission_id=submission.pk, user=preparer, changes=changes)
    hand_part(submission_id=submission.pk, user=preparer, form="base", project=None, to=preparer.pk)
    facts = read(submission).facts
    project = UUID(facts.children[PROJECT_SCOPE][0].id[1:])
    return Unit(side, department, submission, project, facts.root.lists["指标"][0].address(""), words)


def _sent_back_and_resubmitted(unit: Unit, preparer: User, head: User, reviewer: User) -> None:
    steps = [
        (preparer, "submit", ""), (head, "sign", ""), (reviewer, "return", f"请补充依据{unit.words['reason']}"),
        (preparer, "submit", f"已经补充{unit.words['reply']}"), (head, "sign", ""),
    ]  # fmt: skip
    for number, (user, action, text) in enumerate(steps):
        unit.submission.refresh_from_db()
        perform(
            submission_id=unit.submission.pk, user=user, action=action, text=text,
            revision=unit.submission.revision, key=f"{unit.side}-{number}",
        )  # fmt: skip
    unit.submission.refresh_from_db()


def header_faults(answer: HttpResponse) -> list[str]:
    """答复的头缺什么：每个答复都要有安全的头和编号，都不许存下来。"""
    policy = answer.get("Content-Security-Policy", "")
    wrong = [name for name, value in ANSWER_HEADERS.items() if answer.get(name) != value]
    wrong += [] if "default-src 'self'" in policy and "unsafe" not in policy else ["Content-Security-Policy"]
    wrong += [] if "no-store" in answer.get("Cache-Control", "") else ["Cache-Control"]
    wrong += [] if NUMBER.fullmatch(answer.get("X-Request-ID", "")) else ["X-Request-ID"]
    return wrong


def texts_of(answer: HttpResponse) -> Iterator[str]:
    """答复里全部的字：正文（工作簿拆开、JSON 的转义不影响这些字）和各个头。"""
    yield from (unquote(f"{name}: {value}") for name, value in answer.headers.items())
    yield from (morsel.OutputString() for morsel in answer.cookies.values())
    if answer.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            yield from (book.read(name).decode("utf-8", "replace") for name in book.namelist())
    yield answer.content.decode("utf-8", "replace")
