"""建演示城市：单位、账号、方案、任务，和两年的材料。"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from evaluations.access import deadline_of
from evaluations.core.pack import read_folder
from evaluations.core.workflow import Role, State
from evaluations.models import Notice, Pack, Phrase, Project, Round, Submission
from units.models import Department, User
from units.services import appoint, create_user

from ..packages import import_package
from ..packs import issue, open_round, store_pack
from ..problems import Refused
from ..records import record_event
from .history import Diary, Unit

PASSWORD = "yunhu-2024-demo"  # noqa: S105 公开的演示密码  # nosec B105
EXAMPLE_UNIT = "湖南城陵矶新港区政务服务中心"
EXAMPLE_CODE = "101001"
SINCE = date(2023, 1, 1)
DAYS = 12
"""今年的任务还有几天截止。"""
FIRST_BATCH_PAST = 5
"""第一批的任务截止了几天。"""


@dataclass(frozen=True)
class Account:
    username: str
    display_name: str
    role: Role
    code: str
    line: str


_BUREAU, _DEPARTMENT, _UNIT = Department.Kind.BUREAU, Department.Kind.DEPARTMENT, Department.Kind.UNIT
DEPARTMENTS = (
    ("001", "云湖市财政局", _BUREAU, None),
    ("002", "云湖市财政局教科文卫科", _BUREAU, "001"),
    ("003", "云湖市财政局农业农村科", _BUREAU, "001"),
    ("004", "云湖市财政局行政政法科", _BUREAU, "001"),
    ("005", "云湖市财政局经济建设科", _BUREAU, "001"),
    ("101", "云湖市行政审批服务局", _DEPARTMENT, "004"),
    (EXAMPLE_CODE, EXAMPLE_UNIT, _UNIT, "101"),
    ("105", "云湖市公安局", _DEPARTMENT, "004"),
)
"""units.toml 之外的单位：财政局、科室、没有自己任务的主管部门、示例单位。"""
ACCOUNTS = (
    Account(
        "tianbao1", "陈晓燕", Role.PREPARER, EXAMPLE_CODE, "填报人甲（示例单位，填着一套有错的真实材料）"
    ),
    Account("tianbao2", "王立", Role.PREPARER, EXAMPLE_CODE, "填报人乙（同一单位）"),
    Account("fuze", "李建国", Role.UNIT_HEAD, EXAMPLE_CODE, "单位负责人（示例单位）"),
    Account("shenhe", "周启明", Role.BUREAU_REVIEWER, "001", "财政审核人（绩效科）"),
    Account("shenhe2", "唐文静", Role.BUREAU_REVIEWER, "001", "财政审核人（另一位：接手、撤销审核）"),
    Account("keshi", "蒋玲", Role.BUREAU_REVIEWER, "003", "财政审核人（农业农村科，只看本科室归口的单位）"),
    Account(
        "zhuguan", "孙丽", Role.DEPARTMENT_REVIEWER, "101", "主管部门审核人（本方案没有这一步，只能查看）"
    ),
    Account("nongshen", "欧阳倩", Role.DEPARTMENT_REVIEWER, "102", "主管部门审核人（农业农村局）"),
    Account(
        "nongguan", "毛晓东", Role.DEPARTMENT_ADMIN, "102", "主管部门管理员（农业农村局，管本部门的人员）"
    ),
    Account("fangan", "吴静", Role.PACK_ADMIN, "001", "方案管理员"),
    Account("xitong", "郑凯", Role.SYSTEM_ADMIN, "001", "系统管理员"),
    Account("anquan", "冯雪", Role.SECURITY_ADMIN, "001", "安全管理员"),
    Account("shenji", "沈斌", Role.AUDIT_ADMIN, "001", "审计管理员"),
)
NOTICES = (
    ("2024年度整体支出绩效自评开始", "请各单位在截止前报送。上年决算数已自动带入，请核对后接着填。项目表一个一级项目一张，不要合并。", Notice.Audience.UNITS, -20, 20),
    ("常见的退回原因", "一、完成值照抄目标值。二、得分低于分值没有写原因。三、满意度没有写样本和时间。四、报告里的数与表上的数不一致。", Notice.Audience.UNITS, -15, None),
    ("审核分工", "各归口科室先看内容，绩效科看格式和勾稽。退回时请标出要改的地方，写清现在是什么、要改成什么。", Notice.Audience.REVIEWERS, -15, 30),
)  # fmt: skip
PHRASES = (
    "实际完成值照抄了年度指标值，请写做到了什么、做到什么程度，能用数的用数。",
    "得分低于分值，没有写偏差原因，请写清原因、差距和改进措施。",
    "满意度没有调查依据，请写明调查时间、方法和样本数。",
    "报告里的金额与自评表不一致，请对照决算改成一致。",
    "项目自评没有全覆盖，一级项目每个都要有一张项目表。",
    "指标值没有量化，请改成可以衡量的数。",
    "问题部分只写了现象，请写原因、涉及多少、怎么改。",
)


@transaction.atomic
def build_city(*, pack_folder: Path, example: Mapping[str, Any]) -> None:
    """建演示的单位、账号、任务和材料；已经建过就什么都不动。"""
    if User.objects.filter(username=ACCOUNTS[0].username).exists():
        return
    places, people = _places(), {}
    secret = make_password(PASSWORD)
    for account in accounts():
        people[account.username] = _user(account, secret, places[account.code])
    diary = Diary(timezone.now(), people)
    with TemporaryDirectory() as copy:
        _last_year(diary, _pack(diary, _copy_for_last_year(pack_folder, Path(copy)), -406), places)
    _this_year(diary, _pack(diary, pack_folder, -42), places, example)
    _name_projects(places)


@cache
def units() -> tuple[Unit, ...]:
    """units.toml 里的单位，按次序。"""
    text = (Path(__file__).parent / "units.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)["unit"]
    names = {code: name for code, name, kind, _ in DEPARTMENTS if kind == _DEPARTMENT}
    names |= {unit["code"]: unit["name"] for unit in found if unit.get("kind") == _DEPARTMENT}
    for unit in found:
        unit["in_charge"] = names.get(unit["parent"], unit["name"])
    return tuple(found)


def accounts() -> Iterator[Account]:
    """全部账号：印出来的各岗位，和各单位的填报人、负责人。"""
    yield from ACCOUNTS
    for unit in units():
        for words, role in zip(unit["people"], (Role.PREPARER, Role.UNIT_HEAD), strict=True):
            username, _, name = words.partition(" ")
            yield Account(username, name, role, unit["code"], f"{role.label}（{unit['name']}）")


def unit_lines() -> Iterator[tuple[str, str, str, str]]:
    """各单位今年的状态：单位、状态、填报人和负责人的账号。"""
    states = {one.department.code: one for one in Submission.objects.filter(round__year=2024).whole()}
    for unit in units():
        one = states.get(unit["code"])
        preparer, head = (words.partition(" ")[0] for words in unit["people"])
        if one is not None:
            yield unit["name"], _state(one), preparer, head


def _state(one: Submission) -> str:
    if one.state != State.DRAFT or one.returned:
        return one.state_label
    if deadline_of(one) < timezone.now():
        return "已逾期"
    return "已延期" if one.due else one.state_label if one.revision else "未开始"


def check_removable() -> None:
    """只有演示的人时才能删：有别的账号就抛 ``Refused``，说出是谁。"""
    known = [account.username for account in accounts()]
    strangers = User.objects.exclude(username__in=known).order_by("username")
    names = "、".join(f"{user.username}（{user}）" for user in strangers[:5])
    if names:
        raise Refused(
            f"有 {len(strangers)} 个不是演示的账号：{names}。库里可能有真的数据，没有删。"
            "确实不要的，请先备份，再清空整个数据库。"
        )


def _places() -> dict[str, Department]:
    made: dict[str, Department] = {}
    rows = [*DEPARTMENTS, *((u["code"], u["name"], u.get("kind", _UNIT), u["parent"]) for u in units())]
    for code, name, kind, parent in rows:
        made[code], _ = Department.objects.get_or_create(
            code=code, defaults={"name": name, "kind": kind, "parent": made[parent] if parent else None}
        )
    return made


def _user(account: Account, secret: str, place: Department) -> User:
    """演示的密码公开而且都一样，只算一次摘要，建城才快。"""
    user = create_user(username=account.username, display_name=account.display_name)
    user.password = secret
    user.save(update_fields=["password"])
    appoint(user=user, department=place, role=account.role, since=SINCE)
    return user


def _copy_for_last_year(folder: Path, copy: Path) -> Path:
    """上年的方案：今年方案的副本，改了年度、键和名称。"""
    files = dict(read_folder(folder))
    head = files["pack.toml"].replace("2024-yueyang", "2023-yunhu").replace("2024", "2023")
    files["pack.toml"] = head.replace("岳阳市", "云湖市")
    for name, text in files.items():
        path = copy / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return copy


def _pack(diary: Diary, folder: Path, day: int) -> Pack:
    with diary.at(diary.day(day)):
        return store_pack(folder=folder, user=diary.people["fangan"])


def _last_year(diary: Diary, pack: Pack, places: Mapping[str, Department]) -> None:
    """上年：各单位都报过、都通过了。"""

    def open_it() -> None:
        task = _open(diary, pack, "2023年度部门整体支出绩效自评", diary.day(-345))
        issue(task=task, departments=[places[unit["code"]] for unit in units()])

    diary.add(diary.day(-400), open_it)
    for number, unit in enumerate(units()):
        start, reviewer = number - 395, ("shenhe", "shenhe2")[number % 2]
        story = [
            f"{start} fill",
            f"{start + 4} submit",
            f"{start + 5} sign",
            f"{start + 15} approve {reviewer}",
        ]
        diary.tell(unit, pack, story, number)
    diary.run()


def _this_year(
    diary: Diary, pack: Pack, places: Mapping[str, Department], example: Mapping[str, Any]
) -> None:
    """今年：第一批已经截止，其余的还有几天；各单位各到各的地步。第一批先开，材料才归到它。"""
    first = {unit["code"] for unit in units() if unit.get("round") == "first"}
    rest = [unit["code"] for unit in units() if unit["code"] not in first]

    def open_first() -> None:
        end = diary.evening(-FIRST_BATCH_PAST)
        task = _open(diary, pack, "2024年度部门整体支出绩效自评（第一批）", end)
        issue(task=task, departments=[places[code] for code in sorted(first)])

    def open_rest() -> None:
        task = _open(diary, pack, "2024年度部门整体支出绩效自评", diary.evening(DAYS))
        issue(task=task, departments=[places[code] for code in (EXAMPLE_CODE, *rest)])
        import_package(
            data={**example, "department": {"code": EXAMPLE_CODE, "name": EXAMPLE_UNIT}}, pack=pack
        )

    diary.add(diary.day(-40), open_first)
    diary.add(diary.day(-20), open_rest)
    diary.add(diary.day(-20, 30), lambda: _office(diary))
    for number, unit in enumerate(units()):
        diary.tell(unit, pack, unit.get("story", ()), number)
    diary.run()


def _open(diary: Diary, pack: Pack, name: str, deadline: datetime) -> Round:
    return open_round(pack=pack, name=name, deadline=deadline, user=diary.people["fangan"])


def _name_projects(places: Mapping[str, Department]) -> None:
    for unit in units():
        for project in unit["projects"]:
            known = Project.objects.filter(department=places[unit["code"]], name=project["name"])
            known.update(code=project["code"])


def _office(diary: Diary) -> None:
    """财政局办事用的都在这里放进去：公告、退回用语。"""
    by, today = diary.people["fangan"], diary.now.date()
    for title, text, audience, since, until in NOTICES:
        Notice.objects.create(
            title=title, text=text, audience=audience, since=today + timedelta(days=since),
            until=today + timedelta(days=until) if until else None, by=by,
        )  # fmt: skip
        record_event(action="publish_notice", label=f"发公告 {title}", user=by)
    for position, phrase in enumerate(PHRASES):
        Phrase.objects.create(text=phrase, position=position)
