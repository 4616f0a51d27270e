"""方案的存入、发布、取出；年度任务和各单位材料的开设。"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from evaluations.core import pack as core
from evaluations.models import AnnualData, Pack, Round, Submission
from units.models import Department, User

from .prior import carry_over
from .problems import Refused
from .records import record_event


@transaction.atomic
def store_pack(*, folder: Path, user: User | None = None, publish: bool = True) -> Pack:
    """验证一个方案文件夹并存入。内容没变时返回已有的版本；变了就是新版本，旧版本不动。"""
    files = core.read_folder(folder)
    built = Pack(files=files, checksum=core.checksum_of(files)).compiled()
    same = Pack.objects.filter(key=built.key, checksum=built.checksum).first()
    if same is not None:
        return same
    latest = Pack.objects.filter(key=built.key).order_by("-version").first()
    pack = Pack(
        key=built.key, version=latest.version + 1 if latest else 1, name=built.name, year=built.year,
        place=built.place, files=files, checksum=built.checksum,
    )  # fmt: skip
    if publish:
        pack.state, pack.published_at = Pack.State.PUBLISHED, timezone.now()
    pack.save()
    record_event(action="load_pack", label=f"存入方案 {pack}", user=user)
    return pack


def latest_pack(key: str) -> Pack:
    """最新版本；没有时抛 ``Refused``，说明怎么存入。"""
    pack = Pack.objects.filter(key=key).exclude(state=Pack.State.RETIRED).order_by("-version").first()
    if pack is None:
        raise Refused(f"数据库里没有方案“{key}”。请先运行 manage.py load_pack 方案文件夹。")
    return pack


def write_folder(pack: Pack, folder: Path) -> None:
    """把方案写成文件夹，与存入正好互逆。"""
    for name, text in pack.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@transaction.atomic
def open_round(*, pack: Pack, name: str, deadline: datetime, user: User | None = None) -> Round:
    """开一个年度任务，当即开放。"""
    given = {"deadline": deadline, "opened_at": timezone.now()}
    task, created = Round.objects.get_or_create(year=pack.year, pack=pack, name=name, defaults=given)
    if created:
        record_event(action="open_round", label="开放任务", user=user, reason=name)
    return task


@transaction.atomic
def issue(*, task: Round, departments: Iterable[Department], prefill: bool = True) -> list[Submission]:
    """给单位下达任务：各开一份材料。``prefill`` 时带入部门名称和上年已通过材料里的数。"""
    made = []
    for department in departments:
        submission, created = Submission.objects.get_or_create(
            round=task, department=department, defaults={"pack": task.pack}
        )
        if created:
            AnnualData.objects.create(submission=submission)
        if created and prefill:
            carry_over(submission)
        made.append(submission)
    return made
