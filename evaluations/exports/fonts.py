"""排版用的字体：单位自备的在前，Fandol 的仿宋、楷体随后；Noto CJK 由系统提供，兜底。"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

FONT_SUFFIXES = (".ttf", ".otf", ".ttc")
SITE_FONTS = {
    "宋体": "site-song",
    "仿宋": "site-fang",
    "楷体": "site-kai",
    "黑体": "site-hei",
    "小标宋": "site-title",
}
FANDOL_FONTS = {"FandolFang-Regular.otf": "FandolFang", "FandolKai-Regular.otf": "FandolKai"}
SYSTEM_FONTS = ("Noto Serif CJK SC", "Noto Sans CJK SC")
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
Faces = Sequence[tuple[str, Path]]


def faces() -> Faces:
    """能用的字体文件：(字体族, 文件)。"""
    return [*_site_fonts(), *_fandol_fonts()]


def face_css(found: Faces) -> str:
    """各字体的 ``@font-face``；地址是子进程自己认得的 ``font:名称``。"""
    return "\n".join(_face(family, path) for family, path in found)


def font_files(found: Faces) -> dict[str, str]:
    """取件名 → 文件路径。"""
    return {_font_name(path): str(path) for _, path in found}


def lacking() -> list[str]:
    """出 PDF 还缺什么，一样一句；不缺的为空。"""
    found = [
        f"缺少系统库，请安装 {package}。" for library, package in LIBRARIES.items() if not _loads(library)
    ]
    families = {family for family, _ in faces()}
    for wanted, name in (({"site-fang", "FandolFang"}, "仿宋"), ({"site-kai", "FandolKai"}, "楷体")):
        if not families & wanted:
            found.append(f"缺少{name}字体，请放进 build/fonts 或 FONT_DIR。")
    if not {"site-song", "site-hei"} <= families and not _system_fonts():
        found.append("缺少宋体、黑体字体，请安装 fonts-noto-cjk。")
    return found


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _system_fonts() -> bool:
    program = shutil.which("fc-list")
    if program is None:
        return False
    command = [program, ":lang=zh-cn", "family"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 固定的程序和参数  # nosec B603
    return all(family in listed.stdout for family in SYSTEM_FONTS)


def _site_fonts() -> Faces:
    """单位自备的字体：``FONT_DIR`` 里名为 宋体、仿宋、楷体、黑体、小标宋 的字体文件。"""
    folder = getattr(settings, "FONT_DIR", "")
    if not folder:
        return []
    candidates = [
        (family, Path(folder) / f"{name}{suffix}")
        for name, family in SITE_FONTS.items()
        for suffix in FONT_SUFFIXES
    ]
    return [(family, path) for family, path in candidates if path.is_file()]


def _fandol_fonts() -> Faces:
    folder = Path(settings.BASE_DIR) / "build" / "fonts"
    return [(family, folder / name) for name, family in FANDOL_FONTS.items() if (folder / name).is_file()]


def _font_name(path: Path) -> str:
    """取件名：十六进制，不露路径，也不怕中文文件名。"""
    return path.name.encode().hex()


def _face(family: str, path: Path) -> str:
    weight = "bold" if family == "site-title" else "normal"
    return (
        f'@font-face {{font-family: "{family}"; font-weight: {weight}; src: url("font:{_font_name(path)}")}}'
    )
