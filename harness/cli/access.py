"""The flags that tell how to get at the server of a URL, for each command that asks one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.targets.access import CONFIG_FILE, Access

if TYPE_CHECKING:
    import argparse


def add_access(group: argparse._ArgumentGroup) -> None:
    """Declare them."""
    group.add_argument(
        "--config", type=Path, metavar="FILE", help=f"names targets (default: {CONFIG_FILE}, if it is there)"
    )
    group.add_argument("--key-file", type=Path, metavar="FILE", help="holds the session key; default: SESSION_API_KEY")
    group.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="send this too, on every request; a secret as NAME=env:VARIABLE or NAME=file:PATH",
    )
    group.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these certificates, not the machine's")
    group.add_argument("--client-cert", type=Path, metavar="PEM", help="show the server this certificate")
    group.add_argument("--client-key", type=Path, metavar="PEM", help="its key, if it is in another file")
    group.add_argument("--proxy", metavar="URL", help="go through this; default: HTTPS_PROXY and the like")


def access_of(arguments: argparse.Namespace) -> Access:
    """What was said with them, and with those that only some commands have."""
    return Access(
        key=f"file:{arguments.key_file}" if arguments.key_file is not None else None,
        model=getattr(arguments, "model", None),
        native_api=getattr(arguments, "native_api", None),
        scripted_model=getattr(arguments, "scripted_model", None),
        ca_file=arguments.ca_file,
        client_cert=arguments.client_cert,
        client_key=arguments.client_key,
        proxy=arguments.proxy,
        headers=tuple(arguments.header),
    )
