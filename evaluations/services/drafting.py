"""一份锁住的草稿：先改内存里的填报值，最后一次写回数据库、记进修改链。所有填报的改动都经过这里。"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db.models import Q

from evaluations import access
from evaluations.core.steps import Kind
from evaluations.core.working import Working
from evaluations.models import AnnualData, Edit, Submission
from evaluations.selectors import (
    Reading,
    clock,
    copies_in,
    data_of,
    last_edit_of,
    package_from,
    prior_if_read,
    project_row_id,
    reading_of,
)
from units.models import User

from .problems import Missing, Refused
from .records import record_edits
from .storage import write_notes, write_package


def lock_submission(submission_id: UUID) -> Submission:
    """锁住材料的行（PostgreSQL 行锁；SQLite 的 IMMEDIATE 事务本身排队）。

    先锁再取：排队时方案、谁在审变了的，连着取的那几行要的也是变了以后的。
    """
    Submission.objects.select_for_update().only("pk").get(pk=submission_id)
    return Submission.objects.whole().get(pk=submission_id)


@dataclass
class Draft:
    """锁住的一份草稿。``work`` 是内存里的内容，``kept`` 是数据库里现在的行。"""

    submission: Submission
    user: User | None
    through: str
    work: Working
    kept: dict[str, AnnualData]
    undoes: int | None = None

    @classmethod
    def open(
        cls, submission_id: UUID, user: User, through: str = "page", received: datetime | None = None
    ) -> Draft:
        """锁住并读出；状态、岗位、期限不许改时抛 ``Refused``，看不到的抛 ``Missing``。要在事务里调用。"""
        try:
            submission = lock_submission(submission_id)
        except Submission.DoesNotExist:
            raise Missing from None
        allowed, reason = access.may(user, "edit", submission, received)
        if not allowed:
            if not access.may(user, "view", submission)[0]:
                raise Missing
            raise Refused(reason)
        return cls.of(submission, user, through)

    @classmethod
    def of(cls, submission: Submission, user: User | None, through: str) -> Draft:
        """已经锁住、已经问过能不能改的一份。"""
        pack, rows = submission.pack.compiled(), data_of(submission)
        work = Working(
            pack,
            package_from(submission, pack, rows),
            prior_if_read(submission, pack),
            copies_in(submission),
        )
        return cls(submission, user, through, work, {project_row_id(row): row for row in rows})

    def last_by_others(self, start: str, since: int) -> Edit | None:
        """``since`` 修订以后，别人对这一处（或它里面）的最后一次修改。"""
        notes = Q(kind=Kind.NOTE, address__contains=f"|{start}")
        later = self.submission.edits.filter(Q(address__startswith=start) | notes, revision__gt=since)
        return later.exclude(user=self.user).select_related("user").order_by("-seq").first()

    def finish(self, *, counts: bool = True) -> None:
        """有改动才写回、记下，修订号一次保存只加一。

        ``counts`` 为假的不算一次保存（开设任务时的带入），修订号不动。
        """
        written = self.work.written
        if not written:
            return
        pack, submission = self.work.pack, self.submission
        write_package(submission, pack, self.work.package, self.kept)
        if any(one.step.kind != Kind.CELL for one in written):
            write_notes(submission, self.work.package.notes, self.user)
        submission.revision += counts
        submission.save(update_fields=["revision"])
        record_edits(submission, written, user=self.user, through=self.through, undoes=self.undoes)

    @cached_property
    def reading(self) -> Reading:
        """改完以后的事实和核对结果。在事务结束后取，免得锁着材料算。"""
        return reading_of(self.submission, self.work.settle())


def gone_words(draft: Draft, address: str) -> str:
    """一格所在的行或项目（或这一行、这个项目自己）被删了：谁、何时删的；没有被删为空串。"""
    row, project = address.rpartition(".")[0], f"{address.partition('/')[0]}/"
    for item in dict.fromkeys((address, row, project)):
        last = last_edit_of(draft.submission, item) if item.endswith(("]", "]/")) else None
        if last is not None and last.kind == Kind.ITEM and not last.new:
            what = "个项目" if item.endswith("/") else "行"
            return f"{last.user or '系统'} {clock(last.at)} 删除了这一{what}"
    return ""


@dataclass
class Outcome:
    """一次改动的结果。"""

    draft: Draft

    @property
    def revision(self) -> int:
        return self.draft.submission.revision

    @property
    def reading(self) -> Reading:
        return self.draft.reading

    @property
    def acted(self) -> int | None:
        """可以撤销的这一次；什么都没有改为 None。"""
        return self.revision if self.draft.work.written else None
