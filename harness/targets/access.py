"""What the user says about access to the server of a URL, as flags or in the configuration file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

CONFIG_FILE = Path("gateway-harness.toml")
"""In the current folder; `harness.targets.config` reads it."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a server, and what may be done there. None: not set.

    Attributes:
        key: a reference to the session key, `env:NAME` or `file:PATH`.
        other_keys: references to further session keys, as valid as the first.
        model: the model to ask.
        native_api: whether `/api` may be used for more than deleting what the run created.
        scripted_model: whether the model behind the server is the harness's.
        ca_file: the certificates to trust, PEM.
        client_cert: our certificate, PEM.
        client_key: its private key, PEM.
        proxy: a URL, or a reference to one.
        headers: `NAME=VALUE` each.
    """

    key: str | None = None
    other_keys: tuple[str, ...] | None = None
    model: str | None = None
    native_api: bool | None = None
    scripted_model: bool | None = None
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    proxy: str | None = None
    headers: tuple[str, ...] = ()

    def over(self, other: Access) -> Access:
        """These settings, with the other's for what is not set here. The headers of both are sent."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        said |= {name: getattr(other, name) for name, value in said.items() if value is None}
        mine = {header.partition("=")[0].strip().lower() for header in self.headers}
        theirs = (each for each in other.headers if each.partition("=")[0].strip().lower() not in mine)
        return Access(**{**said, "headers": (*theirs, *self.headers)})

    @property
    def options(self) -> tuple[str, ...]:
        """The flags of `check` with the same meaning; a flag's key is in a file. `other_keys` has none."""
        words: list[str] = []
        for each in fields(self):
            flag, value = f"--{each.name.replace('_', '-')}", getattr(self, each.name)
            match value:
                case _ if value is None or each.name == "other_keys":
                    continue
                case True | False:
                    words.append(flag if value else f"--no-{flag[2:]}")
                case str() if each.name == "key":
                    words += ["--key-file", value.removeprefix("file:")]
                case tuple():
                    words += [word for header in value for word in ("--header", header)]
                case _:
                    words += [flag, str(value)]
        return tuple(words)
