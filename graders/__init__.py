"""The package of the grader's machine: intake, sandbox, grading, training, gradebook, exports.

The names in `__all__` are the interface for other programs. They are imported when first used (PEP 562), because this
file is also executed inside the sandbox, where most other modules of this package cannot be read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graders.course.assignment import Assignment, assignment_names, load_assignment
    from graders.grading.classroom import ClassReport, GradeOptions, GradingProgress, grade_class
    from graders.grading.exporting import ExportOptions, ExportReport, export_marks
    from graders.records.gradebook import Gradebook
    from graders.records.result import QuestionResult, Result, Unread
    from graders.records.student import Student
    from graders.records.training import Training
    from graders.sandbox.isolation import Isolation
    from graders.training.classroom import train_class
    from graders.training.options import TrainingReport, TrainOptions, Trial
    from sanity.core.errors import UserError

__all__ = [
    "Assignment",
    "ClassReport",
    "ExportOptions",
    "ExportReport",
    "GradeOptions",
    "Gradebook",
    "GradingProgress",
    "Isolation",
    "QuestionResult",
    "Result",
    "Student",
    "TrainOptions",
    "Training",
    "TrainingReport",
    "Trial",
    "Unread",
    "UserError",
    "assignment_names",
    "export_marks",
    "grade_class",
    "load_assignment",
    "train_class",
]

_MODULES = {
    "errors": ("UserError",),
    "course.assignment": ("Assignment", "assignment_names", "load_assignment"),
    "grading.classroom": ("ClassReport", "GradeOptions", "GradingProgress", "grade_class"),
    "grading.exporting": ("ExportOptions", "ExportReport", "export_marks"),
    "records.gradebook": ("Gradebook",),
    "records.result": ("QuestionResult", "Result", "Unread"),
    "records.student": ("Student",),
    "records.training": ("Training",),
    "sandbox.isolation": ("Isolation",),
    "training.classroom": ("train_class",),
    "training.options": ("TrainOptions", "TrainingReport", "Trial"),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"graders.{module}"), name)
    raise AttributeError(f"module 'graders' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
