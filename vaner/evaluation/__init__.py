"""Evaluation: strict and relaxed precision, recall and F1 of predicted and gold mentions.

The strict scores are the primary result: a prediction is correct if document, start, end and type
agree. The other scores (`Report.relaxed`, `Report.seen`, `Report.unseen`) help to locate errors.
Scores are fractions from 0 to 1 in code and in `Report.to_dict`; only `Report.table` prints
percentages. 0/0 is 0, as in seqeval with ``zero_division=0``.
"""

from vaner.evaluation.bootstrap import Interval, Intervals
from vaner.evaluation.comparison import Comparison, compare
from vaner.evaluation.counts import Counts
from vaner.evaluation.evaluation import Evaluation
from vaner.evaluation.memorized_mentions import seen_mentions
from vaner.evaluation.prediction_alignment import Alignment, align_predictions
from vaner.evaluation.predictions import evaluate_predictions
from vaner.evaluation.report import Bootstrap, Report, Score
from vaner.evaluation.scorer import score

__all__ = [
    "Alignment",
    "Bootstrap",
    "Comparison",
    "Counts",
    "Evaluation",
    "Interval",
    "Intervals",
    "Report",
    "Score",
    "align_predictions",
    "compare",
    "evaluate_predictions",
    "score",
    "seen_mentions",
]
