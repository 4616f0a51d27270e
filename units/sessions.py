"""会话存在哪里：一行一个登录，空闲太久、超过最长时间的当作没有（SESSION_ENGINE）。"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from .models import UserSession

SINCE, ADDRESS, BROWSER = "since", "address", "browser"
"""登录时放进会话内容、同时成为列的三项。"""
TOUCH_EVERY = timedelta(minutes=1)
"""“最近使用”最密多久记一次；空闲时间因此最多少算这么多。"""


def idle_before() -> datetime:
    """最近使用早于这一刻的登录已经超时。"""
    return timezone.now() - timedelta(minutes=settings.IDLE_MINUTES)


class SessionStore(DatabaseStore):
    """登录以后，什么时候结束由登录的时间和最近使用的时间定，与存了几次无关。"""

    seen: datetime | None = None
    """取出来的这一行最近使用的时间。"""

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        return UserSession

    def _get_session_from_db(self) -> UserSession | None:
        row: UserSession | None = super()._get_session_from_db()
        if row is None:
            return None
        if row.user_id is not None and row.seen < idle_before():
            self._session_key = None
            return None
        self.seen = row.seen
        return row

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        """这次要存的一行。"""
        now = timezone.now()
        user = data.get(SESSION_KEY)
        since = None
        if user is not None:
            since = datetime.fromtimestamp(data.setdefault(SINCE, now.timestamp()), UTC)
        row: UserSession = super().create_model_instance(data)
        row.user_id, row.since, row.seen = user, since, now
        row.address, row.browser = data.get(ADDRESS, ""), data.get(BROWSER, "")
        if since is not None:
            row.expire_date = since + timedelta(seconds=settings.SESSION_COOKIE_AGE)
        return row
