"""登录的限制：先占一次机会再验密码，同时来多少次也超不过。挡下的请求只读不写，也不记事件。

- 一个地址试一个账号：半小时 5 次，第 5 次还不对就锁 30 分钟。别的地址照常登录，锁不住本人。
- 一个地址试各账号：半小时 50 次，再来挡 15 分钟。在这个地址登录成功过的账号不受影响。
- 各地址试一个账号：半小时 20 次以后，没登录过这个账号的地址合起来 30 秒才能试一次，只放慢，不锁。

次数在数据库里，几个网站进程合着算。没有的账号与有的同样对待。
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from units.models import LoginCount
from units.origin import network_of

Kind = LoginCount.Kind
WINDOW = timedelta(minutes=30)
KNOWN_FOR = timedelta(days=90)


@dataclass(frozen=True)
class Limit:
    """多少次以后挡多久。"""

    times: int
    hold: timedelta


LIMITS = {
    Kind.PAIR: Limit(5, timedelta(minutes=30)),
    Kind.ADDRESS: Limit(50, timedelta(minutes=15)),
    Kind.ACCOUNT: Limit(20, timedelta(seconds=30)),
}


class Held(Exception):
    """现在不能试；到什么时候为止。"""

    def __init__(self, kind: str, until: datetime) -> None:
        super().__init__(kind)
        self.kind, self.until = kind, until

    @property
    def seconds(self) -> int:
        """还要等多少秒。"""
        return max(int((self.until - timezone.now()).total_seconds()) + 1, 1)


def admit(*, username: str, address: str) -> Held | None:
    """占一次试密码的机会；不能试抛 ``Held``。返回的是：这次再不对，就锁到什么时候。"""
    address = network_of(address)
    _refuse(_rows(username, address))
    with transaction.atomic():
        now = timezone.now()
        made = [
            LoginCount(kind=Kind.ACCOUNT, username=username, since=now),
            LoginCount(kind=Kind.ADDRESS, address=address, since=now),
            LoginCount(kind=Kind.PAIR, username=username, address=address, since=now),
        ]
        LoginCount.objects.bulk_create(made, ignore_conflicts=True)
        rows = list(_rows(username, address).select_for_update().order_by("kind"))
        _refuse(rows)
        counted = [row for row in rows if row.kind in LIMITS]
        for row in counted:
            _take(row, now)
        LoginCount.objects.bulk_update(counted, ["count", "since", "until"])
    until = next((row.until for row in counted if row.kind == Kind.PAIR), None)
    return Held(Kind.PAIR, until) if until else None


def _rows(username: str, address: str) -> QuerySet[LoginCount]:
    """与这一次有关的几行。"""
    pair = Q(kind__in=(Kind.PAIR, Kind.KNOWN), username=username, address=address)
    alone = Q(kind=Kind.ADDRESS, address=address) | Q(kind=Kind.ACCOUNT, username=username)
    return LoginCount.objects.filter(pair | alone)


def _refuse(rows: QuerySet[LoginCount] | list[LoginCount]) -> None:
    now = timezone.now()
    held = {row.kind: row.until for row in rows if row.until and row.until > now}
    known = Kind.KNOWN in held
    for kind in (Kind.PAIR, Kind.ADDRESS, Kind.ACCOUNT):
        if kind in held and (kind == Kind.PAIR or not known):
            raise Held(kind, held[kind])


def _take(row: LoginCount, now: datetime) -> None:
    if now - row.since >= WINDOW:
        row.count, row.since, row.until = 0, now, None
    row.count += 1
    limit = LIMITS[Kind(row.kind)]
    if row.count >= limit.times:
        row.until = now + limit.hold


@transaction.atomic
def passed(*, username: str, address: str) -> None:
    """密码对了：这一次不算。"""
    address = network_of(address)
    for row in _rows(username, address).select_for_update().order_by("kind"):
        if row.kind == Kind.PAIR:
            row.delete()
        elif row.kind in LIMITS and row.count:
            row.count -= 1
            if row.count < LIMITS[Kind(row.kind)].times:
                row.until = None
            row.save(update_fields=["count", "until"])


@transaction.atomic
def remember(*, username: str, address: str) -> None:
    """登录成了：这里是他的常用地址；顺便清掉过期的。"""
    now = timezone.now()
    where = {"kind": Kind.KNOWN, "username": username, "address": network_of(address)}
    LoginCount.objects.update_or_create(**where, defaults={"since": now, "until": now + KNOWN_FOR})
    old = Q(since__lt=now - WINDOW) & (Q(until=None) | Q(until__lt=now))
    LoginCount.objects.filter(old).delete()


def use_once(*, ticket: str) -> bool:
    """一张票据只用一次；用过的返回假。``ticket`` 是它的摘要。"""
    now = timezone.now()
    try:
        with transaction.atomic():
            LoginCount.objects.create(
                kind=Kind.TICKET, address=ticket, since=now, until=now + timedelta(hours=1)
            )
    except IntegrityError:
        return False
    return True


def locks_of(username: str) -> QuerySet[LoginCount]:
    """这个账号现在锁在哪些地址。"""
    return LoginCount.objects.filter(kind=Kind.PAIR, username=username, until__gt=timezone.now())


@transaction.atomic
def forget(*, username: str) -> int:
    """解锁一个账号；返回解了几处。"""
    count = locks_of(username).count()
    LoginCount.objects.filter(kind__in=(Kind.PAIR, Kind.ACCOUNT), username=username).delete()
    return count
