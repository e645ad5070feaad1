"""The target and the flags for access to it, shared by all commands that send requests."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.scenarios.model import Contract
from harness.targets.access import CONFIG_FILE, Access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.targets.config import Named


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


def add_target(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Declare TARGET and the flags that say what it is. Returns their group."""
    parser.add_argument(
        "target",
        nargs="?",
        metavar="TARGET",
        help="a URL, a name from gateway-harness.toml, `reference` (the reference gateway, started for the run) or "
        "`agent-server[==VERSION]`; default: AGENT_SERVER_URL, else reference",
    )
    target = parser.add_argument_group("target")
    target.add_argument("--model", help="the model to ask; default from OPENHANDS_MODEL, else the first that is listed")
    add_access(target)
    target.add_argument(
        "--native-api",
        action=argparse.BooleanOptionalAction,
        help="whether scenarios may use /api there, mainly to create profiles (default: on this machine only); "
        "given without --model, a server on this machine gets a profile for the run, with the scripted model behind it",
    )
    target.add_argument(
        "--contract",
        choices=[*Contract, "auto"],
        help="the contract that decides the exit status (default: documented); auto asks the target's /server_info",
    )
    target.add_argument(
        "--agent",
        choices=["openhands", "scripted"],
        help="the agent behind the `reference` target (default: openhands)",
    )
    target.add_argument(
        "--scripted-model",
        action="store_true",
        default=None,
        help="the model behind the URL is the harness's scripted model",
    )
    return target


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


def complete(arguments: argparse.Namespace, named: Mapping[str, Named], defaults: Mapping[str, object]) -> None:
    """Fill in what no flag sets from the target's configuration, else from the defaults."""
    of_name = named[arguments.target].run if arguments.target in named else {}
    for name, default in defaults.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, of_name.get(name, default))
