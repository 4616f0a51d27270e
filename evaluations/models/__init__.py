from .office import LibraryIndicator, Notice, Phrase, SourceBatch, SourceValue
from .packs import Pack, Round
from .records import CheckNote, Edit, Event, Presence, Snapshot, TextPrint
from .reviews import ReviewScore, Waiver
from .submissions import (
    INDICATOR_COLUMNS,
    INDICATOR_LIST,
    AnnualData,
    Indicator,
    PartOwner,
    Project,
    Submission,
)

__all__ = [
    "INDICATOR_COLUMNS",
    "INDICATOR_LIST",
    "AnnualData",
    "CheckNote",
    "Edit",
    "Event",
    "Indicator",
    "LibraryIndicator",
    "Notice",
    "Pack",
    "PartOwner",
    "Phrase",
    "Presence",
    "Project",
    "ReviewScore",
    "Round",
    "Snapshot",
    "SourceBatch",
    "SourceValue",
    "Submission",
    "TextPrint",
    "Waiver",
]
