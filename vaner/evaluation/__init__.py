"""Scoring: strict and relaxed precision, recall and F1 of predicted against gold mentions.

The strict figure decides: a prediction is right when document, start, end and type all agree. What
stands beside it (`Report.relaxed`, `Report.seen`, `Report.unseen`) says where the errors lie.
Figures are fractions of one everywhere in code and in `Report.to_dict`; only `Report.table` prints
percentages. 0/0 is 0, as in seqeval with ``zero_division=0``.
"""

from vaner.evaluation.bootstrap import Interval, Intervals
from vaner.evaluation.comparison import Comparison, compare
from vaner.evaluation.counts import Counts
from vaner.evaluation.memorized_mentions import seen_mentions
from vaner.evaluation.report import Bootstrap, Report, Score
from vaner.evaluation.scorer import score

__all__ = [
    "Bootstrap",
    "Comparison",
    "Counts",
    "Interval",
    "Intervals",
    "Report",
    "Score",
    "compare",
    "score",
    "seen_mentions",
]
