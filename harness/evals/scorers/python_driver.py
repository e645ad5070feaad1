"""The program that `python_tests` runs in the sandbox, passed to Python as text: the answer's code, then the tests.

Standard input has the task as JSON: `sources`, the first of which that compiles is the code; `setup` and `tests`,
programs to run before and after it; `word`, which is written when all have passed. Exit status 0 alone proves nothing:
the code may call `sys.exit()`.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import traceback
import types
import warnings
from typing import Any


def main() -> None:
    """Run the task on standard input."""
    task: dict[str, Any] = json.load(sys.stdin)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 -- until the process ends
    warnings.simplefilter("ignore")
    module = types.ModuleType("answer")
    sys.modules["answer"] = module
    try:
        for number, setup in enumerate(task["setup"]):
            exec(_compiled(setup, f"<setup {number + 1}>"), module.__dict__)  # noqa: S102 -- in the sandbox
        exec(_first_compiled(task["sources"]), module.__dict__)  # noqa: S102 -- in the sandbox
        for number, test in enumerate(task["tests"]):
            exec(_compiled(test, f"<test {number + 1}>"), module.__dict__)  # noqa: S102 -- in the sandbox
    except BaseException as problem:  # noqa: BLE001 -- SystemExit is no success either
        own = problem.__traceback__
        while own and own.tb_frame.f_code.co_filename not in linecache.cache:  # skips the driver's own frames
            own = own.tb_next
        traceback.print_exception(type(problem), problem, own, limit=-3)
        status = 1
    else:
        sys.stdout.flush()
        os.write(1, task["word"].encode())
        status = 0
    sys.stderr.flush()
    os._exit(status)  # does not wait for threads of the code


def _first_compiled(sources: list[str]) -> types.CodeType:
    for source in sources[:-1]:
        try:
            return _compiled(source, "<answer>")
        except (SyntaxError, ValueError):
            continue
    return _compiled(sources[-1], "<answer>")


def _compiled(source: str, name: str) -> types.CodeType:
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return compile(source, name, "exec")


if __name__ == "__main__":
    main()
