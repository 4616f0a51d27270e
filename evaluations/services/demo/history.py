"""演示城市的经过：谁在哪天做了什么，按先后做，走真正的服务，记录和快照都是真的。"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from evaluations.core.addresses import parse_address
from evaluations.models import Pack, Submission
from evaluations.selectors import PROJECT_SCOPE, read
from units.models import User

from ..entry import Change, save_cells
from ..packages import import_package
from ..projects import add_project
from ..workflow import perform
from .papers import write_paper

Unit = Mapping[str, Any]
EXTENSION = timedelta(days=9)
AT_ONCE = 12
"""填一部分的单位，一次保存几格。"""


class Diary:
    """要做的事，各有时刻；``run`` 按先后一件一件做，做的时候“现在”就是那个时刻。"""

    def __init__(self, now: datetime, people: Mapping[str, User]) -> None:
        self.now, self.people = timezone.localtime(now), people
        self.acts: list[tuple[datetime, Callable[[], Any]]] = []

    def day(self, offset: int, minutes: int = 0) -> datetime:
        """几天前（负数）的早上 8 点过几分。"""
        morning = self.now.replace(hour=8, minute=0, second=0, microsecond=0)
        return morning + timedelta(days=offset, minutes=minutes)

    def evening(self, offset: int) -> datetime:
        """几天后（前）的下午 6 点：截止的时刻。"""
        return self.day(offset, 10 * 60)

    def add(self, moment: datetime, act: Callable[[], Any]) -> None:
        self.acts.append((moment, act))

    def run(self) -> None:
        """做完排进来的各件事。"""
        for moment, act in sorted(self.acts, key=lambda pair: pair[0]):
            with self.at(moment):
                act()
        self.acts.clear()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """这一段里系统的“现在”是 ``moment``，演示的经过才分布在一年里。只在建演示城市时用。"""
        real = timezone.now
        timezone.now = lambda: moment
        try:
            yield
        finally:
            timezone.now = real

    def tell(self, unit: Unit, pack: Pack, story: Sequence[str], number: int) -> None:
        """把一个单位的经过排进来；各单位、各步错开几分钟。"""
        for step, line in enumerate(story):
            words, _, text = line.partition("|")
            offset, action, *who = words.split()
            moment = self.day(int(offset), 65 + number * 17 + step * 23)
            self.add(moment, _Act(self, unit, pack, action, "".join(who), text, moment))


class _Act:
    """一个单位的一步。"""

    def __init__(
        self, diary: Diary, unit: Unit, pack: Pack, action: str, who: str, text: str, moment: datetime
    ) -> None:
        self.diary, self.unit, self.pack, self.text, self.moment = diary, unit, pack, text, moment
        self.action = action
        preparer, head = (words.partition(" ")[0] for words in unit["people"])
        self.preparer = diary.people[preparer]
        own = {"sign": head}.get(action, preparer)
        self.user = diary.people[who or own]

    def __call__(self) -> None:
        known = {"fill": self.fill, "part": self.part, "edit": self.edit}
        known.get(self.action, self.decide)()

    @property
    def submission(self) -> Submission:
        rows = Submission.objects.whole().filter(pack=self.pack, department__code=self.unit["code"])
        return rows.get()

    def paper(self) -> dict[str, Any]:
        return write_paper(self.unit, self.pack.year, self.pack.compiled(), self.moment.date())

    def fill(self) -> None:
        """报上一整套。"""
        import_package(data=self.paper(), pack=self.pack, user=self.preparer)

    def part(self) -> None:
        """填了一部分：基础数据表和部门表的数，加一个项目。"""
        facts, values = read(self.submission).facts, self.paper()["values"]
        fields = facts.root.fields
        changes = [
            Change(key, text, was=fields[key].to_text(facts.root.inputs.get(key)))
            for key, text in values.items()
            if not key.startswith(("目标.", "填表", "填报"))
        ]
        for start in range(0, len(changes), AT_ONCE):
            self.save(changes[start : start + AT_ONCE])
        name = self.unit["projects"][0]["name"]
        add_project(submission_id=self.submission.pk, user=self.user, name=name)

    def edit(self) -> None:
        """照退回意见改：在标出的第一处接着写 ``added``。"""
        address = self.address(self.unit["flags"][0])
        node, key = read(self.submission).facts.locate(address)
        was = node.fields[key].to_text(node.inputs.get(key))
        self.save([Change(address, was + self.unit["added"], was=was)])

    def save(self, changes: Sequence[Change]) -> None:
        saved = save_cells(submission_id=self.submission.pk, user=self.user, changes=changes)
        if saved.conflicts or saved.problems:
            raise ValueError(f"{self.unit['name']}：{saved.conflicts or saved.problems}")

    def decide(self) -> None:
        """流程的一步。"""
        submission = self.submission
        flags = [self.address(flag) for flag in self.unit["flags"]] if self.action == "return" else ()
        due = self.diary.evening(0) + EXTENSION if self.action == "extend" else None
        perform(
            submission_id=submission.pk, user=self.user, action=self.action, revision=submission.revision,
            key=f"demo-{submission.pk.hex}-{self.action}-{submission.revision}", text=self.text, due=due, flags=flags,
        )  # fmt: skip

    def address(self, place: str) -> str:
        """用位置写的地址 → 存着的行和项目的地址。"""
        at, facts = parse_address(place), read(self.submission).facts
        scope = facts.children[PROJECT_SCOPE][int(at.scope_row)] if at.scope else facts.root
        if not at.row:
            return scope.address(at.key)
        return scope.lists[at.key][int(at.row)].address(at.column)
