"""导入的“人员”表：每一行是新人、新岗位、改电话还是不变，哪里不对。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from evaluations import access
from evaluations.core.tabular import Fault, Row
from evaluations.core.workflow import ROLE_LABELS, THREE_ADMINS, Role
from units.models import Appointment, Department, User

from .accounts import AT, fault_of_username, plain_username, why_not
from .unit_import_units import UnitLine
from .units import plain_code

LONGEST_NAME, LONGEST_PHONE = 60, 40
ROLES = {label: role for role, label in ROLE_LABELS.items()}


@dataclass(frozen=True)
class PersonLine:
    """一行：一个人的一个岗位。"""

    row: Row
    username: str
    display_name: str
    phone: str
    unit_code: str
    unit_name: str
    role: str
    is_new: bool
    new_post: bool
    phone_changed: bool

    @property
    def role_label(self) -> str:
        return Role(self.role).label

    @property
    def does(self) -> str:
        """add 新人，change 已有的人加岗位、改电话，same 不变。"""
        return "add" if self.is_new else "change" if self.new_post or self.phone_changed else "same"


def plan_people(
    rows: Sequence[Row], tree: Mapping[str, Department], given: Mapping[str, UnitLine], by: User
) -> tuple[list[PersonLine], list[Fault]]:
    """``tree`` 库里的单位，``given`` 本次“单位”表里的，都按编码。"""
    reader = _Reader(tree, given, by)
    lines = [line for line in map(reader.line, rows) if line is not None]
    return lines, reader.faults


class _Reader:
    """一行一行读，记下不对的。"""

    def __init__(self, tree: Mapping[str, Department], given: Mapping[str, UnitLine], by: User) -> None:
        self.tree, self.given, self.by = tree, given, by
        self.faults: list[Fault] = []
        self.known = {user.username.lower(): user for user in User.objects.all()}
        self.held: dict[str, set[tuple[str, str]]] = defaultdict(set)
        current = Appointment.objects.exclude(until__lt=timezone.localdate()).filter(stand_in_for=None)
        for username, code, role in current.values_list("user__username", "department__code", "role"):
            self.held[username.lower()].add((code or "", role))
        self.names: dict[str, tuple[str, int]] = {}
        self.phones: dict[str, str] = {}
        self.posts: dict[tuple[str, str, str], int] = {}
        self.powers = access.powers_of(by)

    def line(self, row: Row) -> PersonLine | None:
        """读一行；有不对的返回 None。"""
        before = len(self.faults)
        username, name, phone = self._username(row), row.values["姓名"], row.values["联系电话"]
        person = self.known.get(username)
        self._check_name(row, username, name, person)
        if len(phone) > LONGEST_PHONE:
            self._fault(row, "联系电话", f"有 {len(phone)} 个字，最多 {LONGEST_PHONE}。")
        self._check_phone(row, username, phone)
        unit, role = plain_code(row.values["单位编码"]), self._role(row)
        self._check_unit(row, unit)
        new_post = (unit, role) not in self.held[username]
        if len(self.faults) == before:
            self._check_post(row, username, unit, role, person, new_post)
        changed = bool(person and phone and phone != person.phone)
        if len(self.faults) == before and person is not None and (new_post or changed):
            self._check_person(row, person)
        if len(self.faults) > before:
            return None
        self.held[username].add((unit, role))
        unit_name = self.given[unit].name if unit in self.given else str(self.tree[unit])
        return PersonLine(
            row, username, name, phone, unit, unit_name, role, person is None, new_post, changed
        )

    def _fault(self, row: Row, column: str, words: str) -> None:
        self.faults.append(row.fault(column, words))

    def _username(self, row: Row) -> str:
        username = plain_username(row.values["账号"])
        if not username:
            self._fault(row, "账号", "没有填。")
        elif fault := fault_of_username(username):
            self._fault(row, "账号", fault)
        return username

    def _check_name(self, row: Row, username: str, name: str, person: User | None) -> None:
        if not name or len(name) > LONGEST_NAME:
            self._fault(row, "姓名", f"有 {len(name)} 个字，最多 {LONGEST_NAME}。" if name else "没有填。")
            return
        first, number = self.names.setdefault(username, (name, row.number))
        if first != name:
            self._fault(
                row, "姓名", f"与第 {number} 行同一个账号，那里的姓名是“{first}”。账号属于一个人，请改正。"
            )
        elif person is not None and person.display_name != name:
            self._fault(
                row,
                "姓名",
                f"账号 {username} 已有，姓名是“{person.display_name}”。换了人请另起账号；改名请在人员页改。",
            )
        elif person is not None and not person.is_active:
            self._fault(row, "账号", f"账号 {username} 已停用。请去掉这一行，或先在人员页启用。")

    def _check_phone(self, row: Row, username: str, phone: str) -> None:
        if phone and self.phones.setdefault(username, phone) != phone:
            self._fault(
                row, "联系电话", f"与前面同一个账号的电话（{self.phones[username]}）不同。请改成一样的。"
            )

    def _role(self, row: Row) -> str:
        word = row.values["岗位"]
        if word in ROLES:
            return ROLES[word]
        self._fault(
            row,
            "岗位",
            f"“{word[:20]}”不认识。只能是{'、'.join(ROLES)}。"
            if word
            else f"没有填。请填{'、'.join(ROLES)}之一。",
        )
        return ""

    def _check_unit(self, row: Row, code: str) -> None:
        if not code:
            self._fault(row, "单位编码", "没有填。")
        elif code not in self.tree and code not in self.given:
            like = next((one for one in (*self.tree, *self.given) if one.lstrip("0") == code.lstrip("0")), "")
            more = (
                f"有“{like}”，只差前面的 0，多半是 Excel 去掉了。"
                if like
                else "请核对，或在“单位”表里加上它。"
            )
            self._fault(row, "单位编码", f"没有编码为 {code[:40]} 的单位。{more}")
        elif code in self.tree and not self.tree[code].is_active:
            self._fault(row, "单位编码", f"{self.tree[code]} 已停用。请换成在用的单位。")

    def _check_post(
        self, row: Row, username: str, unit: str, role: str, person: User | None, new_post: bool
    ) -> None:
        number = self.posts.setdefault((username, unit, role), row.number)
        if number != row.number:
            self._fault(row, "岗位", f"与第 {number} 行重复。请去掉一行。")
            return
        if not new_post:
            return
        if person is not None and person.pk == self.by.pk:
            self._fault(row, "账号", "这是您自己，不能给自己任命岗位。请去掉这一行。")
        if Role(role) not in self._given_at(unit):
            self._fault(row, "岗位", f"您不能任命{Role(role).label}。请系统管理员办。")
        elif role in access.TWO_PERSONS:
            self._fault(row, "岗位", f"{Role(role).label}要两个人办，不能导入。请在人员页任命。")
        kind = self.given[unit].kind if unit in self.given else self.tree[unit].kind
        if kind not in AT.get(Role(role), (kind,)):
            kinds = "、".join(one.label for one in AT[Role(role)])
            self._fault(
                row, "岗位", f"{Role(role).label}设在{kinds}，这个单位是{Department.Kind(kind).label}。"
            )
        roles = {Role(held) for _, held in self.held[username]}
        if (role in THREE_ADMINS and roles - {role}) or (roles & THREE_ADMINS and role not in roles):
            held = "、".join(one.label for one in sorted(roles))
            self._fault(
                row,
                "岗位",
                f"{row.values['姓名']}还有岗位{held}。三员（系统、安全、审计管理员）互斥，也不兼任别的岗位。",
            )

    def _check_person(self, row: Row, person: User) -> None:
        reason = why_not(self.by, person)
        if reason:
            self._fault(row, "账号", reason)

    def _given_at(self, code: str) -> set[Role]:
        """在这个单位能任命的岗位；本次新增的单位按它已有的上级算。"""
        seen: set[str] = set()
        while code not in self.tree and code in self.given and code not in seen:
            seen.add(code)
            code = self.given[code].parent_code
        unit = self.tree.get(code)
        return access.roles_given_by(self.by, unit, self.powers) if unit else set()
