from django.urls import include, path

from .views import (
    cells,
    decide,
    documents,
    entry,
    history,
    home,
    library,
    people,
    receipts,
    report,
    reviewing,
    setup,
    waivers,
)

app_name = "evaluations"


def of_form(prefix: str) -> list:  # type: ignore[type-arg]
    """一张表的各个地址；项目的表前面多一段，名字加 ``project_``。"""
    return [
        path("", entry.form, name=f"{prefix}form"),
        path("save/", entry.save, name=f"{prefix}save"),
        path("undo/", entry.undo, name=f"{prefix}undo"),
        path("live/", entry.live, name=f"{prefix}live"),
        path("rows/", cells.rows, name=f"{prefix}rows"),
        path("row/", cells.row, name=f"{prefix}row"),
        path("why/", cells.why, name=f"{prefix}why"),
        path("note/", cells.note, name=f"{prefix}note"),
        path("preview/", documents.preview, name=f"{prefix}preview"),
        path("pdf/", documents.pdf, name=f"{prefix}pdf"),
        path("xlsx/", documents.xlsx, name=f"{prefix}xlsx"),
    ]


of_submission = [
    path("", home.workbench, name="workbench"),
    path("f/<slug:form>/", include(of_form(""))),
    path("p/<uuid:project>/f/<slug:form>/", include(of_form("project_"))),
    path("projects/", home.projects, name="projects"),
    path("package/<slug:to>/", documents.package, name="package"),
    path("numbers/", report.numbers, name="numbers"),
    path("submit/", decide.submit, name="submit"),
    path("act/<slug:action>/", decide.act, name="act"),
    path("receipt/", receipts.receipt, name="receipt"),
    path("history/", history.history, name="history"),
    path("versions/", history.versions, name="versions"),
    path("compare/", history.compare, name="compare"),
    path("restore/", history.restore, name="restore"),
    path("parts/", home.parts, name="parts"),
    path("score/", reviewing.score, name="score"),
    path("scores/", reviewing.scores, name="scores"),
    path("scores/<slug:to>/", reviewing.scores, name="scores_file"),
    path("checklist/", reviewing.checklist, name="checklist"),
    path("checklist/<slug:to>/", reviewing.checklist, name="checklist_file"),
]

MANAGED = ("rounds", "packs", "library", "units", "accounts", "prefill", "notices", "audit", "system")

urlpatterns = [
    path("", home.home, name="home"),
    path("setup/", setup.setup, name="setup"),
    path("s/<uuid:submission_id>/", include(of_submission)),
    path("library/", library.search, name="library_search"),
    path("people/", people.people, name="people"),
    path("people/<uuid:appointment_id>/", people.appointment, name="appointment"),
    path("receipts/", receipts.check, name="receipt_check"),
    path("review/", home.queue, name="queue"),
    path("review/<uuid:submission_id>/", decide.review, name="review"),
    path("review/<uuid:submission_id>/task/", waivers.task, name="task"),
    path("review/<uuid:submission_id>/waive/", waivers.waive, name="waive"),
    path("review/<uuid:submission_id>/unwaive/", waivers.unwaive, name="unwaive"),
    *(path(f"manage/{name}/", include(f"evaluations.views.manage.{name}")) for name in MANAGED),
]
