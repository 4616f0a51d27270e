from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    name = "evaluations"
    verbose_name = "绩效自评"

    def ready(self) -> None:
        """登记启动前的检查。"""
        from config import safety  # noqa: F401
