"""排版子进程：唯一导入 WeasyPrint 的模块。由 ``workers.Worker`` 启动，从不在网站进程里运行。

只认得三件事：接收样式和字体（start）、排一份 HTML 并报告各页有哪些行（lay）、把排好的各份写成一个
PDF（write）。内存、CPU 时间有上限；除自己的字体外什么也取不到：不读文件，不上网。

一条消息 = 一行 JSON（``size`` 是随后的字节数）+ 那么多字节。标准输入关闭（主进程没了）就退出。
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import shutil
import signal
import tempfile
import traceback
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import IO, Any

from .cff import cff_table, compact

MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 30
IDLE_SECONDS = 900
CHUNK_BYTES = 1 << 20
JOBS_PER_COLLECTION, JOBS_PER_SWEEP = 10, 100
KEPT_PAGES = 200
MM_PER_PIXEL = 25.4 / 96
FONT_SCHEME = "font:"
REQUIRED_FONTS = frozenset(("Noto Serif CJK SC", "Noto Sans CJK SC"))


class Refused(Exception):
    """做不成，消息给用户看。"""


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time() -> None:
    """本次任务最多再用 ``CPU_SECONDS`` 秒 CPU；主进程已死而任务还在跑时由闹钟结束自己。"""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_SECONDS, resource.RLIM_INFINITY))
    signal.alarm(2 * CPU_SECONDS)


# ---- 消息 ----


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """下一条消息；对方已关闭时为 None。管道不缓冲，一次可能只读到一部分。"""
    line = stream.readline()
    if not line:
        return None
    message = json.loads(line)
    parts, left = [], message["size"]
    while left:
        part = stream.read(min(left, CHUNK_BYTES))
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return message, b"".join(parts)


def send(stream: IO[bytes], message: dict[str, Any], content: bytes = b"") -> None:
    stream.write(json.dumps({**message, "size": len(content)}, ensure_ascii=False).encode() + b"\n" + content)
    stream.flush()


# ---- 排版 ----


def make_fetcher(fonts: dict[str, bytes]) -> Any:
    """全部拒绝的取件器；只有 ``font:名称`` 从内存里给出，别的一律拒绝并计数。"""
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

    class OwnFontsOnly(URLFetcher):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(allowed_protocols=frozenset(), allow_redirects=False)
            self.denied = 0

        def fetch(self, url: str, headers: Any = None) -> Any:
            name = url.removeprefix(FONT_SCHEME)
            if url.startswith(FONT_SCHEME) and name in fonts:
                return URLFetcherResponse(url, fonts[name], {"Content-Type": "font/otf"})
            self.denied += 1
            raise ValueError("不取外部内容")

    return OwnFontsOnly()


class Typesetter:
    """样式和字体装好的排版器；一次任务里先 lay 几份，再 write 一次。"""

    def __init__(self, css: str, fonts: dict[str, str]) -> None:
        from weasyprint import CSS  # type: ignore[import-untyped]
        from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]

        self.fetcher = make_fetcher({name: read_bytes(path) for name, path in fonts.items()})
        self.font_config = FontConfiguration()
        self.css = CSS(string=css, font_config=self.font_config, url_fetcher=self.fetcher)
        self.laid: dict[str, Any] = {}
        self.kept: OrderedDict[str, tuple[Any, dict[str, Any]]] = OrderedDict()

    def lay(self, html: str, name: str) -> dict[str, Any]:
        """排一份，记在 ``name`` 下。返回各页的行、各页排到多高（毫米）、拒绝取件的次数。

        最近排过、一字未变的（含页码）直接用：整套里只改了一张表时，别的表不必重排。
        """
        if html not in self.kept:
            self.kept[html] = self._render(html)
        self.kept.move_to_end(html)
        document, reply = self.kept[html]
        self.laid[name] = document
        return {**reply, "denied": self.fetcher.denied}

    def _render(self, html: str) -> tuple[Any, dict[str, Any]]:
        from weasyprint import HTML

        source = HTML(string=html, url_fetcher=self.fetcher, base_url=None)
        document = source.render(stylesheets=[self.css], font_config=self.font_config, cache={})
        pages, heights = rows_by_page(document)
        return document, {"pages": pages, "heights": heights}

    def write(self, order: Sequence[str], variant: str, ahead: int) -> bytes:
        """把排好的几份依次合成一个 PDF。``variant`` 空或 ``pdf/a-3u``；最前 ``ahead`` 页（目录）不编页码。"""
        pages = [page for name in order for page in self.laid[name].pages]
        options = {"pdf_variant": variant} if variant else {}
        whole = self.laid[order[0]].copy(pages)
        self.laid = {}
        self._forget()

        def finish(document: Any, pdf: Any) -> None:
            bare_fonts(document, pdf)
            if ahead:
                label_pages(pdf, ahead)

        content: bytes = whole.write_pdf(finisher=finish, **options)
        return content

    def _forget(self) -> None:
        """留下最近的 ``KEPT_PAGES`` 页（一页约 1 MB），其余忘掉。"""
        pages = 0
        for html in reversed([*self.kept]):
            pages += len(self.kept[html][0].pages)
            if pages > KEPT_PAGES:
                del self.kept[html]

    def fonts_used(self, wanted: Collection[str]) -> set[str]:
        """用这几种字体各试排一个字，实际用到的字体族；顺便把排版器热起来。"""
        from weasyprint import HTML

        html = "".join(f"<p style=\"font-family: '{family}'\">国</p>" for family in wanted)
        sample = HTML(string=html, url_fetcher=self.fetcher).render(
            stylesheets=[self.css], font_config=self.font_config
        )
        sample.write_pdf()
        return {str(font.family) for font in sample.fonts.values()}


def bare_fonts(document: Any, pdf: Any) -> None:
    """内嵌字体只留 CFF 表里用到的字形：其余的 PDF 用不到，却占大半。"""
    contents: dict[str, bytes] = {}
    used: dict[str, set[int]] = {}
    for font in document.fonts.values():
        contents.setdefault(font.hash, font.file_content)
        used[font.hash] = used.get(font.hash, set()) | set(font.to_unicode)
    streams = {id(item.stream[0]): item for item in pdf.objects if getattr(item, "stream", None)}
    for name, content in contents.items():
        item, table = streams.get(id(content)), cff_table(content)
        if item is not None and table:
            item.stream[:] = [compact(table, used[name])]
            item.extra["Subtype"] = "/CIDFontType0C"


def label_pages(pdf: Any, ahead: int) -> None:
    """阅读器里的页码与印出的一致：目录不编号，正文从 1 起。"""
    import pydyf  # type: ignore[import-untyped]

    ranges = [0, pydyf.Dictionary({"P": pydyf.String("目录")}), ahead, pydyf.Dictionary({"S": "/D"})]
    pdf.catalog["PageLabels"] = pydyf.Dictionary({"Nums": pydyf.Array(ranges)})


def read_bytes(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def rows_by_page(document: Any) -> tuple[list[dict[str, dict[str, int]]], list[float]]:
    """每页有哪些表行（``data-n``），行里每格（``data-c``）排了几个看得见的字；各页的行占到多高，毫米。

    读的是 WeasyPrint 未公开的 ``page._page_box``；只在这一个函数里读，有测试看着。
    """
    from weasyprint.formatting_structure import boxes  # type: ignore[import-untyped]

    pages, heights = [], []
    for page in document.pages:
        rows: dict[str, dict[str, int]] = {}
        lowest = top = page._page_box.content_box_y()
        for row in page._page_box.descendants():
            if not isinstance(row, boxes.TableRowBox) or row.element is None or not row.element.get("data-n"):
                continue
            cells = rows.setdefault(row.element.get("data-n"), {})
            lowest = max(lowest, row.position_y + row.height)
            for cell in row.children:
                texts = (box.text for box in cell.descendants() if isinstance(box, boxes.TextBox))
                cells[cell.element.get("data-c")] = sum(len("".join(text.split())) for text in texts)
        pages.append(rows)
        heights.append(round((lowest - top) * MM_PER_PIXEL, 1))
    return pages, heights


def open_typesetter(message: dict[str, Any]) -> Typesetter:
    """装库、装字体，试排一份；缺什么说清缺什么。"""
    try:
        from weasyprint.text import ffi  # type: ignore[import-untyped]
    except (ImportError, OSError) as problem:
        raise Refused(
            "这台机器缺少 PDF 排版库 Pango，请管理员安装 libpango-1.0-0 和 libpangoft2-1.0-0。"
        ) from problem
    if ffi.harfbuzz_subset is None:
        raise Refused("这台机器缺少字体子集库，请管理员安装 libharfbuzz-subset0。")
    setter = Typesetter(message["css"], message["fonts"])
    if not setter.fonts_used(REQUIRED_FONTS) >= REQUIRED_FONTS:
        raise Refused("这台机器缺少中文字体，请管理员安装 fonts-noto-cjk。")
    return setter


# ---- 主循环 ----


def answer(setter: Typesetter, message: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    if message["do"] == "lay":
        return setter.lay(content.decode("utf-8"), message["name"]), b""
    return {}, setter.write(message["order"], message["variant"], message["ahead"])


def serve(inward: IO[bytes], outward: IO[bytes]) -> None:
    """一直服务到对方关闭，或空闲太久。"""
    setter: Typesetter | None = None
    done = 0
    reply: dict[str, Any]
    while select.select([inward], [], [], IDLE_SECONDS)[0]:
        received = receive(inward)
        if received is None:
            return
        message, content = received
        limit_time()
        try:
            if setter is None:
                setter, reply, result = open_typesetter(message), {}, b""
            else:
                reply, result = answer(setter, message, content)
        except Refused as problem:
            send(outward, {"refused": str(problem)})
            return
        except BaseException as problem:  # FatalURLFetchingError 不是 Exception
            # 消息里可能有表上的字，不记；类型和经过的行够找原因
            trace = "".join(traceback.format_tb(problem.__traceback__, limit=-8))
            send(outward, {"failed": f"{type(problem).__name__}\n{trace}"})
            return
        finally:
            signal.alarm(0)
        send(outward, reply, result)
        done += 1
        tidy(done)


def tidy(done: int) -> None:
    """收垃圾：排版中途不收（快五分之一）；每做几件收一次，只看新的；隔一阵连旧的一起收。"""
    if done % JOBS_PER_SWEEP == 0:
        gc.unfreeze()
    if done % JOBS_PER_COLLECTION == 0:
        gc.collect()
        gc.freeze()


def main() -> None:
    outward = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    inward = os.fdopen(0, "rb", buffering=0)
    limit_memory()
    gc.disable()
    try:
        serve(inward, outward)
    finally:
        shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)


if __name__ == "__main__":
    main()
