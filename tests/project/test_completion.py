"""`gateway-harness completion SHELL`: the shells accept the script, and it completes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from harness.cli.completion import SHELLS

# What bash does when TAB is pressed after these words (the arguments).
PRESS_TAB = """
source "$SCRIPT"
function=$(complete -p gateway-harness | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
"$function"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The file with each shell's completion."""
    folder = tmp_path_factory.mktemp("completion")
    files = {}
    for shell in SHELLS:
        file = folder / shell
        command = [sys.executable, "-m", "harness", "completion", shell]
        file.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        files[shell] = str(file)
    return files


@pytest.mark.parametrize(
    ("line", "offered", "not_offered"),
    [
        ("gateway-harness ch", {"check"}, {"serve"}),
        ("gateway-harness check --requ", {"--requirement", "--request-timeout"}, {"--level"}),
        ("gateway-harness check --requirement CONV-", {"CONV-1", "CONV-3"}, {"AUTH-1"}),
        ("gateway-harness check --level ", {"MUST", "SHOULD", "MAY"}, set()),
        ("gateway-harness check ref", {"reference"}, {"agent-server"}),
        ("gateway-harness check reference --report ", {"html", "junit"}, {"reference"}),
        ("gateway-harness explain AUTH-", {"AUTH-1"}, {"CONV-1"}),
        ("gateway-harness explain auth/b", {"auth/bearer-chats"}, {"auth/no-key-opens-nothing"}),
        ("gateway-harness scenarios show auth/b", {"auth/bearer-chats"}, {"AUTH-1"}),
        ("gateway-harness report ", {"convert", "merge"}, {"check"}),
    ],
)
def test_bash_completes_commands_options_and_the_names_of_what_ships(
    scripts: dict[str, str], line: str, offered: set[str], not_offered: set[str]
) -> None:
    words = [*shlex.split(line), *([""] if line.endswith(" ") else [])]
    command = ["bash", "--norc", "-euc", PRESS_TAB.replace("$SCRIPT", scripts["bash"]), "bash", *words]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.stderr == ""
    replies = set(process.stdout.split())
    assert offered <= replies
    assert replies & not_offered == set()


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_takes_its_script(scripts: dict[str, str], shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    process = subprocess.run([shell, "-n", scripts[shell]], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")


def test_fish_completes_the_names_of_what_ships(scripts: dict[str, str]) -> None:
    if shutil.which("fish") is None:
        pytest.skip("there is no fish here")
    program = f"source {scripts['fish']}; complete --do-complete 'gateway-harness check --requirement CONV-'"
    process = subprocess.run(["fish", "--no-config", "-c", program], capture_output=True, text=True, check=True)
    assert "CONV-3" in re.split(r"\s", process.stdout)
