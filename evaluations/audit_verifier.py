"""核对审计导出。独立的一个文件，只用 Python 标准库：拷到没有装本系统的机器上就能用。

用法：python3 audit_verifier.py 导出的文件夹 [锚点的文件夹] [--key-file 密钥文件]
导出的文件夹由 manage.py export_audit 写出；退出码 0 相符、1 有不符、2 读不了。
摘要怎么算，这里照着规定另写一遍，不引用产品的代码：两份独立写成的对得上，才算核对过。
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
ALGORITHMS = ("sm3", "sha256")
SHOWN = 200
LINE = re.compile(
    r'\{"algorithm":"([^"]*)","prev":"([^"]*)","hash":"([^"]*)",(?:"id":"([^"]*)",)?"content":(\{.*\})\}\n?',
    re.DOTALL,
)


@dataclass
class Anchors:
    """锚点里记着的：各条链在某个序号的摘要，各快照的摘要；``explained`` 以前的不符，已经有人说明。"""

    events: dict[int, dict[str, int]] = field(default_factory=dict)
    edits: dict[str, dict[int, dict[str, int]]] = field(default_factory=dict)
    snapshots: dict[str, dict[str, int]] = field(default_factory=dict)
    lines: dict[int, str] = field(default_factory=dict)
    explained: tuple[int, str] = (0, "")
    given: bool = False


@dataclass
class Report:
    """核对的结果：查了几条，不符之处，要人知道的，各条链查到的最后一条。"""

    rows: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


def digest(previous: str, body: str, using: str) -> str:
    """一条记录的摘要：算法（前一摘要、换行、规范 JSON）。"""
    made = _started(using).copy()
    made.update(f"{previous}\n{body}".encode())
    return made.hexdigest()


@cache
def _started(using: str) -> Any:
    """还没有放东西进去的摘要：每条从它拷一份，比每条新建快一倍。"""
    return hashlib.new(using)


def read_anchors(folder: Path, report: Report, key: str = "") -> Anchors:
    """读锚点的文件夹：逐行查编号、前后相连、摘要、密钥，再读各行指着的清单。"""
    anchors, prev, number = Anchors(given=True), GENESIS, 0
    path = folder / "anchors.jsonl"
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        number += 1
        try:
            line = json.loads(text)
            body = {name: value for name, value in line.items() if name not in ("hash", "hmac")}
            right = digest(
                prev,
                json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
                line["algorithm"],
            )
            seq, head = line["events"]
        except (ValueError, KeyError, TypeError) as problem:
            report.problems.append(f"锚点第 {number} 行读不了：{problem}")
            continue
        if line["number"] != number or line["prev"] != prev:
            report.problems.append(
                f"锚点：第 {number} 行写着第 {line['number']} 号，与前一行不相连，有行被删、插或换"
            )
            number = line["number"]
        if line["hash"] != right and line["prev"] == prev:
            report.problems.append(f"锚点第 {number} 号被改过：摘要不符")
        if key and line["hmac"] != sealed(key, line["hash"], line["algorithm"]):
            report.problems.append(f"锚点第 {number} 号的密钥码不符：不是本系统写的，或密钥不对")
        prev = line["hash"]
        anchors.lines[number] = line["hash"]
        if seq:
            anchors.events.setdefault(seq, {}).setdefault(head, number)
        if line.get("reason"):
            anchors.explained = (number, line["reason"])
        _read_list(folder, line, number, anchors, report)
    return anchors


def sealed(key: str, hash_: str, using: str) -> str:
    """锚点的密钥码。"""
    return hmac.new(key.encode(), hash_.encode(), using).hexdigest()


def _read_list(folder: Path, line: dict[str, str], number: int, anchors: Anchors, report: Report) -> None:
    path = folder / f"{line['list']}.txt"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if hashlib.new(line["algorithm"], text.encode()).hexdigest() != line["list"]:
        report.problems.append(f"锚点第 {number} 号的清单 {path.name[:12]}… 不见了或被改过")
        return
    for row in text.splitlines():
        kind, name, seq, head = row.split(" ")
        if kind == "edits":
            anchors.edits.setdefault(name, {}).setdefault(int(seq), {}).setdefault(head, number)
        else:
            anchors.snapshots.setdefault(name, {}).setdefault(head, number)


def _rows(lines: Iterable[str], name: str, report: Report) -> Iterator[tuple[str, str, str, str, dict]]:  # type: ignore[type-arg]
    """逐行读，查每条自己的摘要；读不了的报告后跳过。"""
    mixed: dict[str, int] = {}
    for text in lines:
        report.rows += 1
        found = LINE.fullmatch(text)
        if found is None:
            report.problems.append(f"{name}：第 {report.rows} 行读不了")
            continue
        using, prev, hash_, id_, body = found.groups()
        content = json.loads(body)
        where = f"{name} 第 {content.get('seq', id_)} 条"
        mixed[using] = mixed.get(using, 0) + 1
        if using not in ALGORITHMS:
            report.problems.append(f"{where}：算法“{using[:20]}”不认识，被改过")
        elif digest(prev, body, using) != hash_:
            report.problems.append(f"{where}（{content.get('at', '')}）：摘要不符，内容、时间或算法被改过")
        yield using, prev, hash_, id_ or "", content
    if len(mixed) > 1:
        report.notes.append(f"{name}用了不止一种算法：{'，'.join(f'{k} {v} 条' for k, v in mixed.items())}")


def check_chain(lines: Iterable[str], name: str, anchors: Anchors, report: Report) -> None:
    """一条链或首尾相接的几条链（按材料）：序号不缺不重，每条接着前一条；再与锚点比。"""
    seen: set[str] = set()
    chain, expected, last = "", 1, GENESIS
    wanted = anchors.events if name == "事件" else anchors.edits.get("", {})
    for _, prev, hash_, _, content in _rows(lines, name, report):
        seq, here = content["seq"], content["submission"] if name != "事件" else ""
        if here != chain:
            _unmet(wanted, expected - 1, _told(name, chain), anchors, report)
            chain, expected, last = here, 1, GENESIS
            wanted = anchors.edits.get(here, {})
            seen.add(here)
        if seq != expected or prev != last:
            gap = "有记录被删" if seq > expected else "有记录被插入、调换或重算"
            report.problems.append(
                f"{_told(name, chain)}：应是第 {expected} 条，却是第 {seq} 条，或不接前一条，{gap}"
            )
        for head, number in wanted.get(seq, {}).items():
            if head != hash_:
                words = f"{_told(name, chain)} 第 {seq} 条与锚点第 {number} 号记着的不同：整条链被重算过"
                _tell(words, number, anchors, report)
        if name == "事件" and content["action"] == "anchor" and anchors.given:
            _anchored(content["details"], seq, anchors, report)
        expected, last = seq + 1, hash_
    _unmet(wanted, expected - 1, _told(name, chain), anchors, report)
    for gone in anchors.edits.keys() - seen if name != "事件" else ():
        _unmet(anchors.edits[gone], 0, _told(name, gone), anchors, report)


def _told(name: str, chain: str) -> str:
    return f"{name}（材料 {chain}）" if chain else name


def _unmet(wanted: dict[int, dict[str, int]], last: int, name: str, anchors: Anchors, report: Report) -> None:
    """锚点记着、现在没有的：只说最远的一处。"""
    beyond = max((seq for seq in wanted if seq > last), default=0)
    if beyond:
        number = max(wanted[beyond].values())
        words = f"{name}：锚点第 {number} 号记着第 {beyond} 条，现在只有 {last} 条，尾部被删，或恢复了比锚点早的备份"
        _tell(words, number, anchors, report)


def _anchored(details: dict[str, object], seq: int, anchors: Anchors, report: Report) -> None:
    number = details.get("number")
    if not isinstance(number, int) or anchors.lines.get(number) != details.get("hash"):
        report.problems.append(f"事件第 {seq} 条说写过锚点第 {number} 号，锚点文件里没有或不同：锚点被删改过")


def _tell(words: str, number: int, anchors: Anchors, report: Report) -> None:
    """说明过的（恢复备份之类）仍然列出，不算不符。"""
    until, reason = anchors.explained
    if number < until:
        report.notes.append(f"{words}（锚点第 {until} 号说明：{reason}）")
    else:
        report.problems.append(words)


def check_snapshots(lines: Iterable[str], anchors: Anchors, report: Report) -> None:
    """各份快照的摘要，与锚点里的比；锚点里有、现在没有的也报告。"""
    there: set[str] = set()
    for _, _, hash_, id_, _ in _rows(lines, "快照", report):
        there.add(id_)
        for head, number in anchors.snapshots.get(id_, {}).items():
            if head != hash_:
                _tell(f"快照 {id_} 与锚点第 {number} 号记着的不同：换过", number, anchors, report)
    for id_ in sorted(anchors.snapshots.keys() - there):
        number = max(anchors.snapshots[id_].values())
        _tell(f"快照 {id_} 不见了，锚点第 {number} 号记着它", number, anchors, report)


def check_folder(folder: Path, anchor_folder: Path | None = None, key: str = "") -> Report:
    """核对一个导出的文件夹。"""
    began, report = time.monotonic(), Report()
    anchors = read_anchors(anchor_folder, report, key) if anchor_folder else Anchors()
    if not anchors.given:
        report.notes.append("没有给锚点：尾部被删、整条链重算查不出来")
    for file, name in (("events", "事件"), ("edits", "修改记录"), ("snapshots", "快照")):
        with (folder / f"{file}.jsonl").open(encoding="utf-8", newline="\n") as lines:
            if file == "snapshots":
                check_snapshots(lines, anchors, report)
            else:
                check_chain(lines, name, anchors, report)
    report.seconds = time.monotonic() - began
    return report


def told(report: Report) -> Iterator[str]:
    """结果，一行一处。"""
    yield f"核对了 {report.rows} 条记录，用了 {report.seconds:.1f} 秒，不符 {len(report.problems)} 处。"
    yield from (f"不符：{words}" for words in report.problems[:SHOWN])
    yield from (f"提示：{words}" for words in report.notes[:SHOWN])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="核对审计导出")
    parser.add_argument("folder", type=Path, help="manage.py export_audit 写出的文件夹")
    parser.add_argument("anchors", type=Path, nargs="?", help="锚点的文件夹")
    parser.add_argument("--key-file", type=Path, help="锚点密钥的文件")
    options = parser.parse_args(arguments)
    try:
        key = options.key_file.read_text(encoding="utf-8").strip() if options.key_file else ""
        report = check_folder(options.folder, options.anchors, key)
    except (OSError, ValueError, KeyError) as problem:
        print(f"读不了：{problem}", file=sys.stderr)
        return 2
    print("\n".join(told(report)))
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
