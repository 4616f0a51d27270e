"""管理页面的网址表，一个模块一份。"""

from types import ModuleType

from . import accounts, audit, library, notices, packs, prefill, rounds, system, units

MODULES: tuple[ModuleType, ...] = (accounts, audit, library, notices, packs, prefill, rounds, system, units)
MANAGED: dict[str, str] = {name: row for module in MODULES for name, row in module.ROWS.items()}
