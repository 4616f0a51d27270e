"""演示环境：虚构的云湖市，和旁边一个真实公开的示例单位。只在 DEMO 方式下使用。

city.py 建城和拆城；history.py 照各单位的经过一步一步做，走真正的服务；papers.py 写材料；units.toml 是各单位的简短描述。
"""

from .city import ACCOUNTS, PASSWORD, build_city, check_removable, unit_lines

__all__ = ["ACCOUNTS", "PASSWORD", "build_city", "check_removable", "unit_lines"]
