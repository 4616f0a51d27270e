"""manage.py score_guide：把计分办法连同例子写成 Markdown，docs/得分说明.md 就是它的输出。"""

from typing import Any

from django.core.management.base import BaseCommand

from evaluations.core.score_examples import as_markdown, methods

HEAD = """# 得分说明

本页由 `manage.py score_guide` 从代码写出，不手改；测试核对它与代码一致。填报、审核时点格子里的 ƒ、点得分下面的“建议”，
或按 F1，看到的是同样的话。

所有的分都用精确的数算，最后四舍五入一次，保留 2 位小数；不低于 0，不超过分值。建议得分只供参考，得分由人填。
分值、档线、超额、折算、封顶都是方案的参数，各地各年可以不同；下面的例子写明了用的是哪种规定。
依据：财预〔2020〕10号《项目支出绩效评价管理办法》。
"""


class Command(BaseCommand):
    help = "把计分办法连同例子写成 Markdown"

    def handle(self, *args: Any, **options: Any) -> None:
        lines = [HEAD]
        for method in methods():
            lines += [f"## {method.title}", "", method.rule, ""]
            for example in method.examples:
                lines += as_markdown(example)
        self.stdout.write("\n".join(lines).rstrip())
