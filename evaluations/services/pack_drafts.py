"""方案的草稿：复制、逐处修改、发布、停用、丢弃、从压缩包导入。已发布的版本不改；改就是新版本。"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils import timezone

from evaluations.core import pack as core
from evaluations.core.values import clean_text, visible
from evaluations.models import Pack
from units.models import User

from .pack_text import Files, insert_at, move_at, parsed, put_at, value_at
from .problems import Missing, Refused, Stale
from .records import record_event

MAX_ARCHIVE, MAX_FILES = 5 * 1024 * 1024, 40


@dataclass(frozen=True)
class PackEdit:
    """想改的一处：文件、位置、看到的旧值、新值。旧值与现在的不同，就是别人先改了。

    ``act``：put 换（``value`` 为 None 是去掉），insert 在 ``index`` 前加一项，move 把第 ``index`` 项移到 ``value``。
    """

    file: str
    path: tuple[str | int, ...]
    value: Any
    was: Any = None
    act: str = "put"
    index: int = 0

    def apply(self, files: Files) -> Files:
        if self.act == "insert":
            return insert_at(files, self.file, self.path, self.index, self.value)
        now = value_at(files, self.file, (*self.path, self.index) if self.act == "move" else self.path)
        if self.act == "put" and now == self.value:
            return files
        if now != self.was:
            raise Stale(f"别人刚改过这里：现在是“{_shown(now)}”。您写的还在，请看过再改。")
        if self.act == "move":
            return move_at(files, self.file, self.path, self.index, self.value)
        return put_at(files, self.file, self.path, self.value)


@transaction.atomic
def edit_draft(*, pack_id: UUID, user: User, edits: Sequence[PackEdit], what: str) -> Pack:
    """改草稿的若干处，全部成功或全部不改；``what`` 说改的是什么，记在事件里。

    不要求改完是对的：有错的草稿存得下，发布时才拦。不是草稿抛 ``Refused``，别人先改了抛 ``Stale``。
    """
    pack = _draft(pack_id)
    files = dict(pack.files)
    for edit in edits:
        files = edit.apply(files)
    return _store(pack, files, user, what, [_told(edit) for edit in edits])


@transaction.atomic
def replace_file(*, pack_id: UUID, user: User, file: str, text: str, seen: str) -> Pack:
    """整个换掉一个文件的原文。``seen`` 是页面打开时方案的校验值。"""
    pack = _draft(pack_id)
    if file not in pack.files:
        raise Missing(f"方案里没有 {file[:60]} 这个文件。")
    if pack.checksum != seen and pack.files[file] != text:
        raise Stale("别人刚改过这套方案。您写的还在本页，请在另一个窗口看过新的内容再存。")
    text = visible(text)
    if len(text.encode()) > core.MAX_FILE:
        raise Refused(f"{file} 超过 {core.MAX_FILE // 1024} KB。请精简。")
    parsed(text, file)
    return _store(pack, {**pack.files, file: text}, user, f"原文 {file}", [])


@transaction.atomic
def copy_pack(*, pack_id: UUID, user: User, key: str, name: str, year: int) -> Pack:
    """复制一套方案成草稿：键相同就是它的新版本，不同就是新的一套（如下一年的）。"""
    source = _locked(pack_id)
    key, name = clean_text(key), clean_text(name)
    if not _is_key(key):
        raise Refused("方案的键只用小写字母、数字和连字符，如 2025-yueyang。")
    if not name or not 2000 <= year <= 2100:
        raise Refused("请写方案的名称，和 2000 到 2100 之间的年度。")
    files = dict(source.files)
    for field, value in (("key", key), ("name", name), ("year", year)):
        files = put_at(files, "pack.toml", (field,), value)
    last = Pack.objects.filter(key=key).aggregate(last=Max("version"))["last"] or 0
    pack = Pack(key=key, version=last + 1, copied_from=source, state=Pack.State.DRAFT)
    return _store(pack, files, user, f"由 {source} 复制", [], action="copy_pack", label="复制方案")


@transaction.atomic
def import_archive(*, data: bytes, user: User) -> Pack:
    """由导出的压缩包做一份草稿：里面是方案的各个文件。内容有错也存得下，头要读得懂。"""
    files = _unzipped(data)
    try:
        head = {name: value_at(files, "pack.toml", (name,)) for name in ("key", "name", "year")}
    except KeyError:
        head = {}
    key = head.get("key")
    if not isinstance(key, str) or not _is_key(key) or not isinstance(head.get("year"), int):
        raise Refused("压缩包里没有写着 key、name、year 的 pack.toml，不是导出的方案。请核对文件。")
    for file, text in files.items():
        parsed(text, file)
    last = Pack.objects.filter(key=key).aggregate(last=Max("version"))["last"] or 0
    pack = Pack(key=key, version=last + 1, state=Pack.State.DRAFT)
    return _store(pack, files, user, "由文件导入", [], action="import_pack", label="导入方案")


@transaction.atomic
def publish_pack(*, pack_id: UUID, user: User, seen: str, changes: str = "") -> Pack:
    """发布：整套验证过才发布，从此不再改。有错抛 ``Refused``，一行一处全部列出。"""
    pack = _draft(pack_id)
    if pack.checksum != seen:
        raise Stale("您看过以后方案又改了。请刷新页面，看过再发布。")
    built, faults = core.examine(pack.files)
    if built is None or faults:
        raise Refused("\n".join(["方案还不能发布：", *(fault.message for fault in faults)]))
    if (built.key, built.year) != (pack.key, pack.year):
        raise Refused(
            f"pack.toml 的 key 是“{built.key}”，与方案的“{pack.key}”不同。请改回来，或另存为新的方案。"
        )
    pack.state, pack.published_at, pack.changes = (
        Pack.State.PUBLISHED,
        timezone.now(),
        clean_text(changes)[:2000],
    )
    pack.save()
    _record(pack, user, "publish_pack", "发布方案", pack.changes)
    return pack


@transaction.atomic
def retire_pack(*, pack_id: UUID, user: User) -> Pack:
    """停用一个已发布的版本：不能再选给新的任务，用着它的材料照旧。"""
    pack = _locked(pack_id)
    if pack.state != Pack.State.PUBLISHED:
        raise Refused("只有已发布的版本才要停用。")
    pack.state = Pack.State.RETIRED
    pack.save()
    _record(pack, user, "retire_pack", "停用方案")
    return pack


@transaction.atomic
def discard_draft(*, pack_id: UUID, user: User) -> None:
    """丢弃草稿；改过什么，记录里有。"""
    pack = _draft(pack_id)
    _record(pack, user, "discard_pack", "丢弃方案草稿", details={"files": dict(pack.files)})
    try:
        pack.delete()
    except ProtectedError:
        raise Refused("由这份草稿又复制出了别的方案，先丢弃那一份。") from None


def archive(pack: Pack) -> bytes:
    """方案的各个文件打成一个压缩包，与导入正好互逆。"""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in sorted(pack.files.items()):
            made.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def _unzipped(data: bytes) -> Files:
    if len(data) > MAX_ARCHIVE:
        raise Refused(f"文件超过 {MAX_ARCHIVE // 1024 // 1024} MB，不是方案。")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as made:
            members = [one for one in made.infolist() if not one.is_dir()]
            if len(members) > MAX_FILES or any(one.file_size > core.MAX_FILE for one in members):
                raise Refused("压缩包里的文件太多或太大，不是导出的方案。")
            known = [one for one in members if _is_pack_file(one.filename)]
            if len(known) < len(members):
                other = next(one.filename for one in members if one not in known)
                raise Refused(f"压缩包里的“{other[:60]}”不是方案的文件。请只放 pack.toml 等和 forms 文件夹。")
            return {one.filename: visible(made.read(one).decode("utf-8")) for one in known}
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError):
        raise Refused("这个文件打不开，不是导出的方案（.zip）。请重新导出再传。") from None


def _is_pack_file(name: str) -> bool:
    folder, _, last = name.rpartition("/")
    return name in core.SINGLE_FILES or (folder == "forms" and last.endswith(".toml") and len(last) <= 60)


def _is_key(key: str) -> bool:
    return 0 < len(key) <= 60 and key.isascii() and all(c.isdigit() or c.islower() or c == "-" for c in key)


def _locked(pack_id: UUID) -> Pack:
    pack = Pack.objects.select_for_update().filter(pk=pack_id).first()
    if pack is None:
        raise Missing("没有这套方案。")
    return pack


def _draft(pack_id: UUID) -> Pack:
    pack = _locked(pack_id)
    if pack.state != Pack.State.DRAFT:
        raise Refused(f"{pack} 已经发布，不能再改。要改请复制成新版本。")
    return pack


def _store(
    pack: Pack, files: Files, user: User, what: str, told: list[dict[str, str]], *, action: str = "edit_pack",
    label: str = "修改方案",
) -> Pack:  # fmt: skip
    """存下草稿的原文；头里读得懂的几项抄到列上，清单用。"""
    checksum = core.checksum_of(files)
    if checksum == pack.checksum:
        return pack
    name, year, place = (value_at(files, "pack.toml", (key,)) for key in ("name", "year", "place"))
    pack.files, pack.checksum = files, checksum
    pack.name = str(name or pack.name or pack.key)[:200]
    pack.year = year if isinstance(year, int) and 0 < year < 10_000 else pack.year or 0
    pack.place = str(place or "")[:60]
    pack.save()
    _record(pack, user, action, label, what, {"edits": told} if told else {})
    return pack


def _record(
    pack: Pack,
    user: User,
    action: str,
    label: str,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    known = {"pack": str(pack.pk), "version": f"{pack.key} 第 {pack.version} 版", "checksum": pack.checksum}
    record_event(action=action, label=label, user=user, reason=reason, details={**known, **(details or {})})


def _told(edit: PackEdit) -> dict[str, str]:
    return {
        "file": edit.file,
        "at": "/".join(map(str, edit.path)),
        "act": edit.act,
        "old": _shown(edit.was),
        "new": _shown(edit.value),
    }


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
