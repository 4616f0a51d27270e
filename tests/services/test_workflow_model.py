"""随机地走：几个人做流程的每个动作、保存、撤销、增减移动行和项目、恢复版本，每一步都与一个小模型比。"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from evaluations import timeline
from evaluations.core.chain import GENESIS
from evaluations.core.checks import blocking, missing_at_submit, unexplained
from evaluations.core.frozen import dump_inputs
from evaluations.core.steps import Step
from evaluations.core.workflow import OFFICE_STATES, Role, State
from evaluations.models import Event, Submission
from evaluations.selectors import package_of, read
from evaluations.services.entry import Change, save_cells
from evaluations.services.problems import Refused
from evaluations.services.projects import add_project, move_project, remove_project, restore_project
from evaluations.services.rows import add_row, move_row, remove_row, restore_row
from evaluations.services.versions import restore_version, undo
from evaluations.services.workflow import perform
from tests.core.test_workflow import ALLOWED
from tests.services.staff import REASON, Office
from tests.size import SEED, times
from units.services import appoint

pytestmark = pytest.mark.django_db
ROWS, PROJECTS = "其他业务项目", "项目"
CELLS = ("联系电话", "填表人", "单位负责人")
TEXTS = ("0730-1111111", "0730-2222222", "周晓", "陈立", "")
ACTIONS = tuple(sorted({action for _, action, _ in ALLOWED}))
DECISIONS = ("sign", "pass", "return", "approve", "revoke")
PEOPLE: dict[str, tuple[Role, ...]] = {
    "preparer": (Role.PREPARER,), "colleague": (Role.PREPARER, Role.UNIT_HEAD), "head": (Role.UNIT_HEAD,),
    "branch": (Role.DEPARTMENT_REVIEWER,), "branch2": (Role.DEPARTMENT_REVIEWER,),
    "bureau": (Role.BUREAU_REVIEWER,), "bureau2": (Role.BUREAU_REVIEWER,), "admin": (Role.SYSTEM_ADMIN,),
}  # fmt: skip
"""每个人的岗位；colleague 既填报又负责，所以“不审自己的”用得上。"""
USUAL = {
    State.DRAFT: (("submit", "preparer"), ("submit", "colleague"), ("submit", "preparer")),
    State.UNIT_REVIEW: (("sign", "head"), ("sign", "head"), ("return", "head"), ("withdraw", "colleague")),
    State.DEPARTMENT_REVIEW: (("pass", "branch"), ("pass", "branch2"), ("return", "branch"), ("claim", "branch"), ("recall", "head")),
    State.BUREAU_REVIEW: (("approve", "bureau"), ("approve", "bureau2"), ("return", "bureau"), ("claim", "bureau2"), ("recall", "head")),
    State.APPROVED: (("revoke", "bureau"), ("revoke", "bureau2")),
    State.CANCELLED: (("reinstate", "bureau"),),
}  # fmt: skip
NEXT = {
    "submit": State.UNIT_REVIEW, "withdraw": State.DRAFT, "recall": State.DRAFT, "return": State.DRAFT, "reinstate": State.DRAFT,
    "pass": State.BUREAU_REVIEW, "sign": State.DEPARTMENT_REVIEW, "approve": State.APPROVED,
    "revoke": State.BUREAU_REVIEW, "cancel": State.CANCELLED,
}  # fmt: skip
people = st.sampled_from(tuple(PEOPLE))
clerks = st.sampled_from(("preparer", "colleague", "preparer", "colleague", "head"))
picks = st.integers(0, 99)


@dataclass
class Model:
    """应当是什么样子。"""

    state: str = State.DRAFT
    returned: bool = False
    claimed_by: str = ""
    revision: int = 0
    submitter: str = ""
    editors: set[str] = field(default_factory=set)
    approver: str = ""
    moved: str = ""
    snapshots: int = 0
    content: dict[str, Any] = field(default_factory=dict)
    history: dict[int, dict[str, Any]] = field(default_factory=dict)
    stacks: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def refuses(self, action: str, who: str, stale: bool, clean: bool) -> bool:
        """这一步该不该拒绝；``clean`` 是内容没有错误、没有送审时必须补的、没有没写说明的提醒。"""
        if not any((self.state, action, role) in ALLOWED for role in PEOPLE[who]):
            return True
        other = self.claimed_by not in ("", who)
        office = self.state in OFFICE_STATES
        return {
            "submit": not clean or stale,
            "recall": bool(self.claimed_by) or self.moved != "sign",
            "claim": bool(self.claimed_by),
            "take_over": not other,
            "release": self.claimed_by != who,
            "revoke": who == self.approver,
        }.get(action, False) or (
            action in DECISIONS and (stale or who in {self.submitter, *self.editors} or (office and other))
        )

    def do(self, action: str, who: str) -> None:
        if action in ("claim", "take_over", "release"):
            self.claimed_by = "" if action == "release" else who
            return
        if action == "extend":
            return
        self.snapshots += action in ("submit", "return", "approve")
        self.submitter = who if action == "submit" else self.submitter
        self.approver = who if action == "approve" else self.approver
        self.returned = {"submit": False, "return": True}.get(action, self.returned)
        self.state, self.claimed_by, self.moved = NEXT[action], "", action
        self.stacks.clear()
        self.turn()

    def turn(self) -> None:
        self.revision += 1
        self.history[self.revision] = tidied(self.content)

    def wrote(self, who: str) -> None:
        """一次保存成了：新的修订，可以撤销，重做的作废。"""
        self.turn()
        self.editors.add(who)
        stack = self.stacks.setdefault(who, {"undo": [], "redo": []})
        stack["undo"].append(self.revision)
        stack["redo"].clear()

    def may_edit(self, who: str) -> bool:
        return self.state == State.DRAFT and Role.PREPARER in PEOPLE[who]

    # ---- 内容 ----

    @property
    def values(self) -> dict[str, str]:
        found: dict[str, str] = self.content["root"]["values"]
        return found

    @property
    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.content["root"]["rows"].setdefault(ROWS, [])
        return found

    @property
    def projects(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.content["children"].setdefault(PROJECTS, [])
        return found


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in items]


def tidied(content: dict[str, Any]) -> dict[str, Any]:
    """空的列表和没有是一回事。"""
    made = deepcopy(content)
    for scope in (made["root"], *made["children"].get(PROJECTS, [])):
        scope["rows"] = {key: rows for key, rows in scope["rows"].items() if rows}
    made["children"] = {key: items for key, items in made["children"].items() if items}
    return made


def machine_for(office: Office, start: tuple[str, ...], count: list[int]) -> type[RuleBasedStateMachine]:  # noqa: C901
    """在这份材料上走的机器；每个例子在一个回滚的事务里。"""
    users = {
        "preparer": office.city.preparer, "colleague": office.city.colleague, "head": office.city.head,
        "branch": office.by_role[Role.DEPARTMENT_REVIEWER], "branch2": office.second[Role.DEPARTMENT_REVIEWER],
        "bureau": office.city.reviewer, "bureau2": office.second[Role.BUREAU_REVIEWER],
        "admin": office.by_role[Role.SYSTEM_ADMIN],
    }  # fmt: skip
    pack, pk = office.submission.pack.compiled(), office.submission.pk

    def stored() -> Submission:
        return Submission.objects.select_related("round", "department", "pack").get(pk=pk)

    def dump() -> dict[str, Any]:
        return tidied(dump_inputs(package_of(stored(), pack), pack))

    class Walk(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.block = transaction.atomic()
            self.block.__enter__()
            row = stored()
            self.model = Model(revision=row.revision, content=dump())
            self.model.history = {0: tidied(timeline.content_at(row, 0)), row.revision: dump()}
            self.seen = self.looked = 0
            self.number, self.edits, self.events = 0, (0, GENESIS), (0, GENESIS)
            for action in start:
                self.act(action, next(who for one, who in USUAL[State(self.model.state)] if one == action), 0)

        def teardown(self) -> None:
            """最后把两条链从头再查一遍。"""
            assert longer((0, GENESIS), stored().edits) == self.edits
            assert longer((0, GENESIS), Event.objects) == self.events
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

        def fresh(self) -> int:
            self.number += 1
            return self.number

        def expect(self, refused: bool, service: Callable[..., Any], who: str, **given: Any) -> Any:
            """该拒绝的拒绝，该成的成；返回结果，拒绝时为 None。"""
            try:
                result = service(submission_id=pk, user=users[who], **given)
            except Refused as refusal:
                assert refused, f"{service.__name__} {who} {given}：{refusal}"
                assert str(refusal)
                return None
            assert not refused, f"{service.__name__} {who} {given}：应当拒绝"
            return result if result is not None else True

        # ---- 流程 ----

        @rule(action=st.sampled_from(ACTIONS), who=people, behind=st.sampled_from((0, 0, 0, 1)))
        def act(self, action: str, who: str, behind: int) -> None:
            row, key = stored(), f"walk-{self.fresh()}"
            reading = read(row) if action == "submit" and row.state == State.DRAFT else None
            clean = reading is None or not (
                blocking(reading.findings)
                or missing_at_submit(pack, reading.findings)
                or unexplained(reading.findings, reading.notes)
            )
            refused = self.model.refuses(action, who, bool(behind), clean)
            later = timezone.now() + timedelta(days=20, minutes=self.number)
            due = later if action in ("extend", "return") else None
            given = {"revision": row.revision - behind, "key": key, "text": REASON, "due": due}
            if self.expect(refused, perform, who, action=action, **given) is not None:
                self.model.do(action, who)
                again = perform(submission_id=pk, user=users[who], action=action, **given)
                assert again.key == key

        @rule(pick=picks)
        def go_on(self, pick: int) -> None:
            usual = USUAL[State(self.model.state)]
            self.act(*usual[pick % len(usual)], 0)

        # ---- 格子 ----

        @rule(who=clerks, cell=st.sampled_from(CELLS), text=st.sampled_from(TEXTS), stale=st.booleans())
        def save(self, who: str, cell: str, text: str, stale: bool) -> None:
            self.put(who, cell, text, stale, self.model.values, cell)

        @precondition(lambda self: self.model.rows)
        @rule(who=clerks, pick=picks, text=st.sampled_from(("甲", "乙")), stale=st.booleans())
        def save_in_row(self, who: str, pick: int, text: str, stale: bool) -> None:
            row = self.model.rows[pick % len(self.model.rows)]
            self.put(who, f"{ROWS}[{row['id']}].名称", text, stale, row["values"], "名称")

        def put(self, who: str, cell: str, text: str, stale: bool, owner: dict[str, str], key: str) -> None:
            now = owner.get(key, "")
            change = Change(cell, text, was="别人看到的旧值" if stale else now)
            saved = self.expect(not self.model.may_edit(who), save_cells, who, changes=[change])
            if saved is None or text == now:
                assert saved is None or not (saved.written or saved.conflicts)
            elif stale:
                assert [(one.mine, one.theirs) for one in saved.conflicts] == [(text, now)]
            else:
                assert saved.written == [cell] and not saved.conflicts
                owner.pop(key, None)
                owner |= {key: text} if text else {}
                self.model.wrote(who)

        # ---- 行 ----

        @precondition(lambda self: len(self.model.rows) < 6)
        @rule(who=clerks)
        def add(self, who: str) -> None:
            row = f"m{self.fresh()}"
            given = {"prefix": "", "key": ROWS, "group": {}, "row_id": row}
            if self.expect(not self.model.may_edit(who), add_row, who, **given):
                self.model.rows.append({"id": row, "values": {}})
                self.model.wrote(who)

        @precondition(lambda self: self.model.rows)
        @rule(who=clerks, pick=picks, to=st.sampled_from(("up", "down")))
        def move(self, who: str, pick: int, to: str) -> None:
            index = pick % len(self.model.rows)
            row = f"{ROWS}[{ids(self.model.rows)[index]}]"
            if self.expect(not self.model.may_edit(who), move_row, who, row=row, to=to):
                self.moved(who, self.model.rows, index, to)

        def moved(self, who: str, items: list[dict[str, Any]], index: int, to: str) -> None:
            target = index + (1 if to == "down" else -1)
            if 0 <= target < len(items):
                items.insert(target, items.pop(index))
                self.model.wrote(who)

        @precondition(lambda self: self.model.rows)
        @rule(who=clerks, pick=picks, back=st.booleans())
        def remove(self, who: str, pick: int, back: bool) -> None:
            index, allowed = pick % len(self.model.rows), self.model.may_edit(who)
            gone, before = f"{ROWS}[{ids(self.model.rows)[index]}]", deepcopy(self.model.rows)
            if self.expect(not allowed, remove_row, who, row=gone):
                del self.model.rows[index]
                self.model.wrote(who)
                if back:
                    self.expect(False, restore_row, who, row=gone)
                    self.model.rows[:] = before
                    self.model.wrote(who)

        # ---- 项目 ----

        @precondition(lambda self: len(self.model.projects) < 4)
        @rule(who=clerks)
        def add_one_project(self, who: str) -> None:
            project = UUID(int=0x7000_8000_0000_0000_0000 + self.fresh())
            given = {"name": "新项目", "project_id": project}
            if self.expect(not self.model.may_edit(who), add_project, who, **given):
                self.model.content["children"][PROJECTS] = dump()["children"][PROJECTS]
                assert ids(self.model.projects)[-1] == f"p{project.hex}"
                self.model.wrote(who)

        @precondition(lambda self: self.model.projects)
        @rule(who=clerks, pick=picks, act=st.sampled_from(("up", "down", "remove", "remove and restore")))
        def change_projects(self, who: str, pick: int, act: str) -> None:
            items, refused = self.model.projects, not self.model.may_edit(who)
            index, before = pick % len(items), deepcopy(items)
            given = {"project_id": UUID(items[index]["id"][1:])}
            if act in ("up", "down"):
                if self.expect(refused, move_project, who, **given, step=1 if act == "down" else -1):
                    self.moved(who, items, index, act)
            elif self.expect(refused, remove_project, who, **given):
                del items[index]
                self.model.wrote(who)
                if act != "remove":
                    self.expect(False, restore_project, who, **given)
                    items[:] = before
                    self.model.wrote(who)

        # ---- 撤销、恢复 ----

        @rule(who=clerks, which=st.sampled_from(("undo", "undo", "redo")))
        def undo_or_redo(self, who: str, which: str) -> None:
            stack = self.model.stacks.get(who, {}).get(which, [])
            if not self.model.may_edit(who) or not stack:
                self.expect(True, undo, who, which=which)
                return
            for target in reversed(stack):
                made = deepcopy(self.model.content)
                done = [one for one in self.steps_of(target, which) if replayed(made, one)]
                if done:
                    break
            undone = self.expect(not done, undo, who, which=which)
            if undone is not None:
                assert len(undone.done) == len(done), (undone.done, undone.left, done)
                self.model.content = tidied(made)
                self.model.turn()
                self.model.editors.add(who)
                stack.remove(target)
                self.model.stacks[who]["redo" if which == "undo" else "undo"].append(target)

        def steps_of(self, revision: int, which: str) -> list[Step]:
            """那一次的各处；撤销是倒过来的。"""
            steps = [edit.step for edit in stored().edits.filter(revision=revision).order_by("seq")]
            return [step.inverse for step in reversed(steps)] if which == "undo" else steps

        @rule(who=clerks, pick=picks, stale=st.sampled_from((0, 0, 1)))
        def restore(self, who: str, pick: int, stale: int) -> None:
            revision = 1 if pick < 50 else pick % (self.model.revision + 1)
            wanted = self.model.history[revision]
            same = all(wanted[part] == tidied(self.model.content)[part] for part in ("root", "children"))
            refused = not self.model.may_edit(who) or bool(stale) or revision >= self.model.revision or same
            given = {"revision": revision, "seen": self.model.revision - stale}
            if self.expect(refused, restore_version, who, **given):
                self.model.content = deepcopy(wanted)
                self.model.wrote(who)

        # ---- 每一步之后 ----

        @invariant()
        def the_package_is_as_the_model_says(self) -> None:
            count[0] += 1
            row, model = stored(), self.model
            holder = users[model.claimed_by].pk if model.claimed_by else None
            assert (row.state, row.returned, row.revision) == (model.state, model.returned, model.revision)
            assert row.claimed_by_id == holder and (holder is None or row.state in OFFICE_STATES)
            assert row.snapshots.count() == model.snapshots
            if self.seen != row.revision or count[0] % 8 == 0:
                self.seen = row.revision
                assert dump() == tidied(model.content)
            self.edits = longer(self.edits, row.edits)
            self.events = longer(self.events, Event.objects)

        @invariant()
        def the_log_rewinds_to_every_earlier_content(self) -> None:
            """有新的修订就看：一次看最早的，一次看随便哪个早先的。"""
            if self.model.revision == self.looked:
                return
            self.looked = self.model.revision
            earlier = (count[0] * 7) % (self.model.revision + 1)
            revision = earlier if self.looked % 2 else 0
            assert tidied(timeline.content_at(stored(), revision)) == self.model.history[revision], revision

    return Walk


def longer(known: tuple[int, str], chain: Any) -> tuple[int, str]:
    """链上新的几条接得上、摘要对得上、序号不缺；返回到了第几条和它的摘要。"""
    seq, prev = known
    for one in chain.filter(seq__gt=seq).order_by("seq"):
        assert (one.seq, one.prev, one.hash) == (seq + 1, prev, one.digest())
        seq, prev = one.seq, one.hash
    assert chain.count() == seq
    return seq, prev


def replayed(content: dict[str, Any], step: Any) -> bool:
    """在模型的内容上做一处撤销：现在还是原来那样才做；返回做了没有。"""
    owner, key, row = placed(content, step.address)
    if step.kind == "cell":
        if owner is None or owner.get(key, "") != step.old:
            return False
        owner.pop(key, None)
        owner |= {key: step.new} if step.new else {}
        return True
    if owner is None:
        return False
    now = ids(owner)
    if step.kind == "place":
        if row not in now or (["", *now])[now.index(row)] != step.old:
            return False
        insert_after(owner, owner.pop(now.index(row)), step.new)
        return True
    present = next((one for one in owner if one["id"] == row), None)
    old = json.loads(step.old) if step.old else None
    if (present is None) != (old is None):
        return False
    if present is not None and old is not None:
        if any(present.get(part, {}) != old.get(part, {}) for part in ("values",)) or rows_of(
            present
        ) != rows_of(old):
            return False
        owner.remove(present)
    if step.new:
        body = json.loads(step.new)
        after = body.pop("after")
        body.pop("notes", None)
        insert_after(owner, {"id": row, **body}, after)
    return True


def rows_of(item: dict[str, Any]) -> dict[str, Any]:
    return {key: rows for key, rows in item.get("rows", {}).items() if rows}


def placed(content: dict[str, Any], address: str) -> tuple[Any, str, str]:
    """地址所在：格子的是（值，列，""），行和项目的是（那一串，""，编号）。"""
    scope = content["root"]
    if address.startswith(f"{PROJECTS}["):
        project, _, address = address.removeprefix(f"{PROJECTS}[").partition("]/")
        items = content["children"].setdefault(PROJECTS, [])
        if not address:
            return items, "", project
        scope = next((one for one in items if one["id"] == project), None)
        if scope is None:
            return None, "", ""
    name, bracket, rest = address.partition("[")
    if not bracket:
        return scope["values"], address, ""
    row, _, column = rest.partition("]")
    rows = scope["rows"].setdefault(name, [])
    if not column:
        return rows, "", row
    found = next((one["values"] for one in rows if one["id"] == row), None)
    return found, column.removeprefix("."), ""


def insert_after(items: list[dict[str, Any]], item: dict[str, Any], after: str) -> None:
    now = ids(items)
    items.insert(now.index(after) + 1 if after in now else len(now) if after else 0, item)


EXAMPLES, STEPS = {"sqlite": times(3), "postgresql": times(2)}, 40
"""两个起点合起来，SQLite 上二百四十步；PostgreSQL 上每步慢得多，走少一些。make stress 走得更远。"""
STARTS = [(), ("submit", "sign")]


@pytest.mark.parametrize("start", STARTS, ids=["from a draft", "from the first review"])
@pytest.mark.case("W7")
def test_random_steps_agree_with_the_model(office: Office, start: tuple[str, ...]) -> None:
    colleague, unit = office.city.colleague, office.city.unit
    appoint(user=colleague, department=unit, role=Role.UNIT_HEAD, since=date(2024, 1, 1))
    count, examples = [0], EXAMPLES[connection.vendor]
    run_state_machine_as_test(
        seed(SEED)(machine_for(office, start, count)),
        settings=settings(
            max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        ),
    )  # fmt: skip
    assert count[0] >= examples * STEPS * 5 // 6, f"只走了 {count[0]} 步"
