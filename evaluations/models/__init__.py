from .packs import Pack, Round
from .records import CheckNote, Edit, Event, Snapshot
from .submissions import INDICATOR_COLUMNS, INDICATOR_LIST, AnnualData, Indicator, Project, Submission

__all__ = [
    "INDICATOR_COLUMNS",
    "INDICATOR_LIST",
    "AnnualData",
    "CheckNote",
    "Edit",
    "Event",
    "Indicator",
    "Pack",
    "Project",
    "Round",
    "Snapshot",
    "Submission",
]
