"""Flags for access to the server of a URL, shared by all commands that send requests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.targets.access import CONFIG_FILE, Access

if TYPE_CHECKING:
    import argparse


def add_access(group: argparse._ArgumentGroup) -> None:
    """Declare the flags."""
    group.add_argument(
        "--config", type=Path, metavar="FILE", help=f"names targets (default: {CONFIG_FILE}, if it exists)"
    )
    group.add_argument("--key-file", type=Path, metavar="FILE", help="holds the session key; default: SESSION_API_KEY")
    group.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="send this header with every request; a secret as NAME=env:VARIABLE or NAME=file:PATH",
    )
    group.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these certificates, not the machine's")
    group.add_argument("--client-cert", type=Path, metavar="PEM", help="client certificate for the server")
    group.add_argument("--client-key", type=Path, metavar="PEM", help="its private key, if it is in another file")
    group.add_argument("--proxy", metavar="URL", help="use this proxy; default: HTTPS_PROXY and the like")


def access_of(arguments: argparse.Namespace) -> Access:
    """The access that these flags, and those that only some commands have, describe."""
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
