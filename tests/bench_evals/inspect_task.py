"""The samples as a task of Inspect: `inspect eval inspect_task.py -T samples=FILE`."""

from __future__ import annotations

from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import match


@task
def sums(samples: str) -> Task:
    return Task(json_dataset(samples), scorer=match(location="exact"))
