"""The files in docs/checking.md are read as it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.known import load_known
from harness.targets.config import load_config
from tests.docs.runner import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (ROOT / "docs" / "checking.md").read_text("utf-8")


def block(language: str, beginning: str) -> str:
    """The only block that begins like this."""
    (text,) = re.findall(rf"```{language}\n({re.escape(beginning)}.*?)```", TEXT, re.DOTALL)
    return str(text)


def test_the_configuration_file_names_a_target(tmp_path: Path) -> None:
    file = tmp_path / "gateway-harness.toml"
    file.write_text(block("toml", "[targets.staging]"))
    staging = load_config(file)["staging"]
    assert staging.access.ca_file == tmp_path / "certs" / "ca.pem"
    assert staging.run == {"jobs": 4, "max_requests": 2000, "known": tmp_path / "known.yaml"}


def test_the_file_of_known_deviations_has_one(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(block("yaml", "# gateway-harness check staging --known"))
    (deviation,) = load_known(file)
    assert deviation.subject == "streaming/true-is-refused, status"
