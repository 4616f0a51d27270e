"""``make bench``：每个目标一项，印出中位数、散布、对照和是否达到，写 build/bench.json。"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.bench import goals  # noqa: E402 设置要先就绪

OUT = Path(__file__).resolve().parents[2] / "build" / "bench.json"


def main() -> int:
    results = []
    for goal in goals.GOALS:
        found = goal()
        for result in found if isinstance(found, list) else [found]:
            results.append(result)
            mark = "达到" if result["met"] else "未达到"
            print(
                f"{result['id']:<5}{result['what']}：{result['ours']}；{result['against']}；目标 {result['goal']}　{mark}",
                flush=True,
            )
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
