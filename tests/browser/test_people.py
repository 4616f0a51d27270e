"""管理员导入单位和人员，把初始密码交给本人；本人第一次登录先改密码。"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from evaluations.core.workflow import Role
from tests.browser.test_accessibility import problems
from tests.conftest import City
from tests.workbooks import workbook

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = [
    "units/",
    "units/add/",
    "units/import/",
    "units/{unit}/",
    "accounts/",
    "accounts/add/",
    "accounts/{person}/",
]


def test_a_new_clerk_comes_in_with_the_password_printed_for_him(
    city: City, people: Callable[..., Any], sign_in: Callable[[Any], Page], live_server: Any, tmp_path: Path
) -> None:
    page = sign_in(people("admin", "郑凯", city.bureau, Role.SYSTEM_ADMIN))
    file = tmp_path / "单位.xlsx"
    units = [("预算编码", "单位名称", "类别", "上级编码"), ("103", "云湖市教育局", "主管部门", "")]
    posts = [("账号", "姓名", "单位编码", "岗位"), ("liuyang", "刘洋", "103", "填报人")]
    file.write_bytes(workbook({"单位": units, "人员": posts}))
    page.goto(f"{live_server.url}/manage/units/import/")
    page.set_input_files("#file", str(file))
    page.click("text=上传核对")
    page.click("text=全部存入")
    password = page.inner_text("code")
    with page.expect_download() as download:
        page.click("text=下载 Excel")
    assert download.value.suggested_filename == "初始密码.xlsx"

    keys = {"unit": city.unit.pk, "person": city.preparer.pk}
    paths = [f"{live_server.url}/manage/{path.format(**keys)}" for path in PAGES]
    assert [line for path in paths for line in problems(page, path)] == []

    page.context.clear_cookies()
    page.goto(f"{live_server.url}/login/")
    page.fill("[name=username]", "liuyang")
    page.fill("[name=password]", password)
    page.click("form button[type=submit]")
    page.wait_for_url("**/password/")
    assert problems(page, f"{live_server.url}/") == []
    page.fill("[name=old_password]", password)
    for field in ("new_password1", "new_password2"):
        page.fill(f"[name={field}]", "jiao-yu-ju-2024-ok")
    page.click("main button[type=submit]")
    page.wait_for_url("**/password/done/")
    page.goto(live_server.url)
    assert page.url == f"{live_server.url}/"
