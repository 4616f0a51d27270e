"""从一个工作簿导入单位和人员：先算出会怎样（预览），有一处不对就一个也不写；确认后在一个事务里全部写入。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.tabular import Cell, Fault, Row, plain_heading, table
from evaluations.core.workflow import Role
from evaluations.exports.tables import Column, Table, write_tables
from units import services as primitive
from units.models import Department, User

from .accounts import PEOPLE_LOCK, Credential, Secret, create_person
from .problems import Refused
from .records import record_event, wait_turn
from .unit_import_people import PersonLine, plan_people
from .unit_import_units import UnitLine, plan_units
from .units import TREE_LOCK, start_post

UNITS, PEOPLE = "单位", "人员"
UNIT_HEADINGS = {"预算编码": True, "单位名称": True, "类别": True, "上级编码": False}
PEOPLE_HEADINGS = {"账号": True, "姓名": True, "单位编码": True, "岗位": True, "联系电话": False}
MAX_NEW_PEOPLE = 500


@dataclass
class Plan:
    """会怎样：各行要做什么，和哪里不对。"""

    units: list[UnitLine] = field(default_factory=list)
    people: list[PersonLine] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self.faults if not fault.info]

    @property
    def notes(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.info]

    @property
    def new_people(self) -> list[str]:
        """要新建的账号，按表上的次序。"""
        return list(dict.fromkeys(line.username for line in self.people if line.is_new))

    def counts(self) -> dict[str, int]:
        """新增、改动、不变各多少。"""
        return {
            "units_added": sum(line.does == "add" for line in self.units),
            "units_changed": sum(line.does == "change" for line in self.units),
            "people_added": len(self.new_people),
            "posts_added": sum(line.new_post for line in self.people),
            "people_changed": sum(line.phone_changed and not line.is_new for line in self.people),
            "same": sum(line.does == "same" for line in (*self.units, *self.people)),
        }

    @property
    def empty(self) -> bool:
        """没有要写的。"""
        return all(line.does == "same" for line in (*self.units, *self.people))


def rows_of(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> tuple[list[Row], list[Row], list[Fault]]:
    """读出的工作簿 → 单位的行、人员的行、读的时候就不对的地方。"""
    if set(sheets) == {"csv"}:
        raise Refused("请上传 .xlsx 工作簿：单位和人员是两张工作表，.csv 放不下。可以先下载模板。")
    found: dict[str, list[Row]] = {UNITS: [], PEOPLE: []}
    faults: list[Fault] = []
    names = {plain_heading(name): name for name in sheets}
    for name, headings in ((UNITS, UNIT_HEADINGS), (PEOPLE, PEOPLE_HEADINGS)):
        if name not in names:
            others = "、".join(f"“{other}”" for other in sheets) or "空的"
            faults.append(
                Fault(
                    name,
                    0,
                    "",
                    "",
                    f"工作簿里没有这张工作表（现有{others}）。请把工作表改名为“{name}”；没有要导入的，留表头就行。",
                )
            )
            continue
        found[name], problems = table(name, sheets[names[name]], headings)
        faults += problems
    if not faults and not any(found.values()):
        faults.append(Fault(UNITS, 0, "", "", "两张工作表都没有内容。请在表头下面填好再上传。"))
    return found[UNITS], found[PEOPLE], faults


def plan_import(
    *, by: User, units: Sequence[Row], people: Sequence[Row], faults: Sequence[Fault] = ()
) -> Plan:
    """对照库里现有的，算出每一行要做什么、哪里不对。什么都不写。"""
    every = _linked(Department.objects.select_related("merged_into"))
    tree = {unit.code: unit for unit in every if unit.code}
    unit_lines, unit_faults = plan_units(units, every, by)
    people_lines, people_faults = plan_people(people, tree, {line.code: line for line in unit_lines}, by)
    plan = Plan(unit_lines, people_lines, [*faults, *unit_faults, *people_faults])
    if len(plan.new_people) > MAX_NEW_PEOPLE:
        words = f"一次最多新增 {MAX_NEW_PEOPLE} 人，这里有 {len(plan.new_people)} 人。请分成几个文件。"
        plan.faults.append(Fault(PEOPLE, 0, "", "", words))
    return plan


def _linked(units: Iterable[Department]) -> list[Department]:
    """全部单位，上级互相连好：往上数时不再问数据库。"""
    known = {unit.pk: unit for unit in units}
    for unit in known.values():
        unit.parent = known[unit.parent_id] if unit.parent_id else None
    return list(known.values())


def apply_import(
    *, by: User, units: Sequence[Row], people: Sequence[Row], seen: Mapping[str, int]
) -> list[Credential]:
    """全部写入，返回新人的初始密码。``seen`` 是预览时的各项数目：现在算得不一样就不写。"""
    secrets = {
        name: Secret.new()
        for name in plan_import(by=by, units=units, people=people).new_people[:MAX_NEW_PEOPLE]
    }
    with transaction.atomic():
        wait_turn(TREE_LOCK)
        wait_turn(PEOPLE_LOCK)
        plan = plan_import(by=by, units=units, people=people)
        if plan.errors or plan.counts() != dict(seen) or set(plan.new_people) != set(secrets):
            raise Refused("预览以后单位或人员有了变动，这次没有写入。请重新上传核对。")
        if plan.empty:
            raise Refused("没有要写入的：表里的都已经有了。")
        made = _write_units(plan.units)
        credentials = _write_people(plan.people, made, secrets)
        counts = plan.counts()
        words = (
            f"单位新增 {counts['units_added']}、改动 {counts['units_changed']}；"
            f"人员新增 {counts['people_added']}，岗位新增 {counts['posts_added']}"
        )
        record_event(
            action="import_units", label="导入单位和人员", user=by, reason=words, details=_details(plan)
        )
    return credentials


def _write_units(lines: Sequence[UnitLine]) -> dict[str, Department]:
    """先把改动的和新的都写成没有冲突的样子：新单位按上级在前的次序建，再移动已有的。"""
    known = {unit.code: unit for unit in Department.objects.all() if unit.code}
    waiting = [line for line in lines if line.does == "add"]
    while waiting:
        ready = [line for line in waiting if line.parent_code in known]
        for line in ready:
            known[line.code] = primitive.create_department(
                name=line.name, code=line.code, kind=line.kind, parent=known[line.parent_code]
            )
        waiting = [line for line in waiting if line.code not in known]
    for line in lines:
        if line.does == "change":
            unit = known[line.code]
            parent = known[line.parent_code] if line.parent_code else None
            primitive.change_department(department=unit, name=line.name, kind=line.kind, parent=parent)
    return {code: unit for code, unit in known.items() if code}


def _write_people(
    lines: Sequence[PersonLine], units: Mapping[str, Department], secrets: Mapping[str, Secret]
) -> list[Credential]:
    people = {person.username.lower(): person for person in User.objects.filter(is_active=True)}
    made: dict[str, Credential] = {}
    for line in lines:
        unit, person = units[line.unit_code], people.get(line.username)
        if person is None:
            secret = secrets[line.username]
            person = people[line.username] = create_person(
                username=line.username, display_name=line.display_name, phone=line.phone, secret=secret
            )
            made[line.username] = Credential(line.username, line.display_name, str(unit), secret.clear)
        elif line.phone_changed:
            primitive.change_user(user=person, display_name=person.display_name, phone=line.phone)
        if line.new_post:
            start_post(user=person, department=unit, role=Role(line.role), since=timezone.localdate())
    return list(made.values())


def _details(plan: Plan) -> dict[str, list[str]]:
    return {
        "units": [f"{line.does} {line.code} {line.name}" for line in plan.units if line.does != "same"],
        "people": [
            f"{line.username} {line.unit_code} {line.role}" for line in plan.people if line.does != "same"
        ],
    }


def packed(rows: Sequence[Row]) -> list[dict[str, object]]:
    """带在确认表单里的行。"""
    return [asdict(row) for row in rows]


def unpacked(rows: Sequence[Mapping[str, object]]) -> list[Row]:
    """``packed`` 的逆。"""
    return [Row(**row) for row in rows]  # type: ignore[arg-type]


def template_workbook(*, by: User) -> bytes:
    """空白模板：两张工作表，表头、说明、下拉。"""
    given = {role for held in access.administers(by) for role in access.GIVES.get(held, ())}
    roles = [role.label for role in Role if role in given]
    units = Table(
        UNITS,
        [
            Column("预算编码", 16, required=True), Column("单位名称", 36, required=True),
            Column("类别", 14, required=True, choices=Department.Kind.labels), Column("上级编码", 16),
        ],
        notes=[
            "红色的必填。列的次序可以换，不要改表头的字；填好后上传，先看核对结果，确认了才存入。",
            "预算编码：与预算系统一致，是认单位的依据；编码已有的，按这里改名称、类别、上级。前面有 0 的，格子要是“文本”格式（本表已设好）。",
            "上级编码：上级单位的预算编码，上级可以写在下面；不填就直属财政局。",
        ],
    )  # fmt: skip
    people = Table(
        PEOPLE,
        [
            Column("账号", 18, required=True), Column("姓名", 14, required=True), Column("单位编码", 16, required=True),
            Column("岗位", 18, required=True, choices=roles), Column("联系电话", 18),
        ],
        notes=[
            "红色的必填。一个人有几个岗位就写几行，账号、姓名相同。账号已有的，姓名要对得上，只增加岗位、改电话。",
            "账号：登录用，字母、数字、汉字和 . _ - @，不分大小写，建议用姓名的拼音。",
            "单位编码：库里有的，或“单位”表里写了的。新账号的初始密码在存入后给出，只显示一次。",
        ],
    )  # fmt: skip
    return write_tables([units, people], title="单位和人员导入模板")
