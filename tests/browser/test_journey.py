"""主线：填报人用键盘填真实的表，被拦、改好、签批、退回、整改、再签、通过，取走文件，各处的数一样。"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pikepdf
import pytest
from playwright.sync_api import Page, expect

from evaluations.core.checks import ERROR, unexplained
from evaluations.core.grid import expand
from evaluations.selectors import read
from evaluations.services.notes import write_note
from tests.conftest import City, fixture_json

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEVELS = ("一级指标", "二级指标")
ROW_COLUMNS = ("三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因")
ON_SCREEN = 5
NOTE = "已逐条核对台账，完成情况与目标表述一致，佐证材料存档备查。"


def form_cells(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """部门表上要打字的普通格，按表上的次序。"""
    wanted = ("部门.", "资金.", "来源.", "性质.", "目标.", "填表人", "填报日期", "联系电话", "单位负责人")
    for key, text in data["values"].items():
        if key.startswith(wanted):
            yield key, text


def control(page: Page, address: str) -> Any:
    return page.locator(f'.grid-frame .v[data-address="{address}"]')


def type_into(page: Page, address: str, text: str, leave: str = "Tab") -> None:
    """像人一样：到那一格，全选，打字，离开。"""
    cell = control(page, address)
    cell.focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press(leave)


def wait_saved(page: Page) -> None:
    expect(page.locator("#save-state")).to_contain_text("已保存")
    expect(page.locator(".unsaved")).to_have_count(0)


def add_indicator(page: Page, row: dict[str, str]) -> str:
    """用键盘按“＋”加一行，依次打各列；返回行的地址。"""
    before = set(rows_on(page))
    plus = page.get_by_role("button", name=f"在“{row['二级指标']}”下增加一行")
    plus.focus()
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-row]")).to_have_count(len(before) + 1)
    (made,) = set(rows_on(page)) - before
    fill_row(page, made, row)
    return made


def fill_row(page: Page, address: str, row: dict[str, str]) -> None:
    control(page, f"{address}.三级指标").focus()
    for column in ROW_COLUMNS:
        if text := row.get(column, ""):
            page.keyboard.press("Control+A")
            page.keyboard.insert_text(text)
        page.keyboard.press("Tab")


def rows_on(page: Page) -> list[str]:
    return page.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.dataset.row)")


def open_form(page: Page, live_server: Any, city: City) -> None:
    page.goto(f"{live_server.url}/s/{city.submission.pk}/f/department/")
    expect(page.locator(".form-grid").first).to_be_visible()


def act(page: Page, name: str, reason: str = "") -> None:
    """按审核页的决定按钮，在对话框里确认。"""
    page.get_by_role("button", name=name, exact=True).first.click()
    dialog = page.locator("dialog[open]")
    if reason:
        dialog.locator("textarea").fill(reason)
    dialog.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def explain_warnings(page: Page, city: City) -> None:
    """把每处提醒的说明都写上，别的部分的也在这里写：头几处在页面上写，其余的（示例里有几十处）直接存。"""
    folded = page.locator("#findings-elsewhere > details:not([open]) > summary")
    while folded.count():
        folded.first.click()
    todo = page.get_by_role("button", name="写说明")
    for left in range(todo.count(), max(todo.count() - ON_SCREEN, 0), -1):
        todo.first.click()
        page.locator("#findings textarea").fill(NOTE)
        page.get_by_role("button", name="保存说明").click()
        expect(page.locator("#findings textarea")).to_have_count(0)
        expect(todo).to_have_count(left - 1)
    reading = read(city.submission)
    for finding in unexplained(reading.findings, reading.notes):
        write_note(
            submission_id=city.submission.pk, user=city.preparer, code=finding.code, cell=finding.cells[0], text=NOTE
        )  # fmt: skip


def test_the_whole_way_of_one_form(
    city: City, sign_in: Callable[[Any], Page], live_server: Any, shot: Callable[[Page, str], None]
) -> None:
    example, mended = fixture_json("2024-yueyang-package"), fixture_json("2024-yueyang-mended")
    import_the_rest(city, mended)
    clerk = sign_in(city.preparer)
    open_form(clerk, live_server, city)
    for address, text in form_cells(example):
        type_into(clerk, address, text)
    rows = [add_indicator(clerk, row) for row in example["indicators"]]
    wait_saved(clerk)
    shot(clerk, "填报-有错")

    findings = read(city.submission).findings
    assert {f.code for f in findings if f.level == ERROR} == {"D01", "R03", "S01", "S11", "W01", "W02"}, [
        f.message for f in findings if f.level == ERROR
    ]
    clerk.goto(f"{live_server.url}/s/{city.submission.pk}/submit/")
    for finding in findings:
        if finding.level == ERROR:
            expect(clerk.locator(".check-list").first).to_contain_text(finding.code)
    expect(clerk.get_by_role("button", name="送审")).to_be_disabled()
    shot(clerk, "送审前核对-有错")

    open_form(clerk, live_server, city)
    mend(clerk, rows, example, mended)
    explain_warnings(clerk, city)
    submit(clerk, live_server, city)

    head = sign_in(city.head)
    head.goto(f"{live_server.url}/review/{city.submission.pk}/")
    expect(head.locator(".side-panel")).to_contain_text(NOTE)
    shot(head, "签批")
    act(head, "签批")

    reviewer = sign_in(city.reviewer)
    reviewer.goto(f"{live_server.url}/review/")
    reviewer.get_by_role("link", name=city.unit.name).first.click()
    shot(reviewer, "审核")
    act(reviewer, "退回", "热线按期办结率 95.24% 没有附台账，请补充后重报。")

    clerk.goto(live_server.url)
    shot(clerk, "首页-被退回")
    open_form(clerk, live_server, city)
    expect(clerk.locator("body")).to_contain_text("没有附台账")
    shot(clerk, "填报-被退回")
    type_into(
        clerk, f"{rows_on(clerk)[4]}.偏差原因", "年底集中办理积压 54 件未按期，已增派坐席，台账见附件 4。"
    )
    wait_saved(clerk)
    submit(clerk, live_server, city, "已补附热线工单台账，偏差原因写明件数。")

    head.goto(f"{live_server.url}/review/{city.submission.pk}/")
    act(head, "签批")
    reviewer.goto(f"{live_server.url}/review/{city.submission.pk}/")
    expect(reviewer.locator("body")).to_contain_text("已补附热线工单台账")
    act(reviewer, "通过")
    city.submission.refresh_from_db()
    assert city.submission.state == "approved"

    reviewer.goto(f"{live_server.url}/review/{city.submission.pk}/?form=department")
    shot(reviewer, "已通过")
    check_every_figure(reviewer, city)


def import_the_rest(city: City, mended: dict[str, Any]) -> None:
    """别的六部分已经填好；部门整体自评表是空的，留给填报人填。"""
    ours = dict(form_cells(mended))
    rest = {key: text for key, text in mended["values"].items() if key not in ours}
    city.import_into("2024-yueyang-mended", values=rest, indicators=[], notes=[])


def mend(page: Page, rows: list[str], example: dict[str, Any], mended: dict[str, Any]) -> None:
    """按改正清单改：普通格、已有的行、再加缺的行。"""
    old = dict(form_cells(example))
    for address, text in form_cells(mended):
        if old.get(address) != text:
            type_into(page, address, text)
    for address, before, after in zip(rows, example["indicators"], mended["indicators"], strict=False):
        for column in ROW_COLUMNS:
            if before.get(column, "") != after.get(column, ""):
                type_into(page, f"{address}.{column}", after.get(column, ""))
    for row in mended["indicators"][len(rows) :]:
        add_indicator(page, row)
    wait_saved(page)


def submit(page: Page, live_server: Any, city: City, reply: str = "") -> None:
    page.goto(f"{live_server.url}/s/{city.submission.pk}/submit/")
    if reply:
        page.fill("[name=reply]", reply)
    page.get_by_role("button", name="送审").click()
    page.wait_for_load_state()
    city.submission.refresh_from_db()
    assert city.submission.state == "unit_review"


def check_every_figure(page: Page, city: City) -> None:
    """屏幕、PDF、Excel 上每一个值都与事实一致。"""
    facts = read(city.submission).facts
    pieces = [p for p in expand(facts.pack.forms["department"], facts).value_pieces() if p.text]
    assert len(pieces) > 70
    for piece in pieces:
        shown = page.locator(f'.v[data-address="{piece.address}"]')
        if shown.count():
            expect(shown.first).to_have_text(piece.text, use_inner_text=False)
    figures = Counter(piece.text for piece in pieces if piece.field.is_number)
    printed = Counter(re.findall(r"\d+(?:\.\d+)?%?", pdf_text(download(page, "PDF"))))
    assert not figures - printed
    check_workbook(download(page, "Excel"), pieces)


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    return waiting.value.path().read_bytes()


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def pdf_text(data: bytes) -> str:
    with pikepdf.open(io.BytesIO(data)) as document:
        assert len(document.pages) >= 2
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True
    ).stdout.decode()


def check_workbook(data: bytes, pieces: list[Any]) -> None:
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    numbers = {
        round(c.value, 6)
        for sheet in book
        for line in sheet.iter_rows()
        for c in line
        if isinstance(c.value, int | float)
    }
    texts = flat(
        "".join(
            str(c.value) for sheet in book for line in sheet.iter_rows() for c in line if c.value is not None
        )
    )
    for piece in pieces:
        if piece.field.is_number:
            number = float(piece.text.rstrip("%")) / (100 if piece.text.endswith("%") else 1)
            assert any(abs(number - found) < 1e-6 for found in numbers), piece.address
        else:
            assert flat(piece.text) in texts, piece.address
