"""`gateway-harness.toml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.targets.access import Access
from harness.targets.config import ConfigError, load_config
from tests.check.conftest import KEY
from tests.check.suite import SCENARIOS, write_suite
from tests.run.servers import MODEL, Answer, Gateway, Received, Server, http

if TYPE_CHECKING:
    from tests.check.suite import Runner


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in the run's working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "gateway-harness.toml"


def test_a_name_stands_for_the_url_and_all_that_goes_with_it(
    check: Runner, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SESSION_API_KEY")
    monkeypatch.setenv("STAGING_KEY", KEY)
    (config.parent / "gate").write_text("planted-gate-token\n")
    with Server(Gateway(KEY)) as server:
        config.write_text(
            f'[targets.staging]\nurl = "{server.url}/v1/"\nkey = "env:STAGING_KEY"\ncontract = "agent-server"\n'
            'headers = {X-Team = "qa", X-Gate-Token = "file:gate"}\nmax-requests = 5\n'
        )
        assert check("staging") == 3
        assert "the run's 5 requests are spent" in check.report()["run"]["ended_early"]
        assert check.report()["contract"] == "agent-server"
        check.reports = check.reports.with_name("again")
        assert check("staging", "--max-requests", "500", "--contract", "documented") == 0
    assert {request.header("X-Team") for request in server.received} == {"qa"}
    assert {request.header("X-Gate-Token") for request in server.received} == {"planted-gate-token"}
    report = check.report()
    assert (report["target"]["name"], report["target"]["argument"]) == ("staging", "staging")
    written = "".join(path.read_text("utf-8") for path in check.files()) + str(capsys.readouterr())
    assert "planted-gate-token" not in written
    assert KEY not in written


def test_other_keys_of_the_server_are_tried_and_shown_nowhere(
    check: Runner, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opens = """\
      - call: models.list
        auth: {X-Session-API-Key: "${other_key}"}
        expect: {status: 200}
      - call: models.list
        auth: {Authorization: "Bearer ${last_key}"}
        expect: {status: 200}
"""
    head, rest = SCENARIOS.split("    steps:\n", 1)
    write_suite(check.suite.parent, f"{head}    needs: [several-keys]\n    steps:\n{opens}{rest}")
    monkeypatch.setenv("SECOND", "planted-second-key+1")
    (config.parent / "third").write_text("planted-third-key/2\n")
    presented: set[str | None] = set()

    def models(request: Received) -> Answer:
        presented.update((request.header("X-Session-API-Key"), request.header("Authorization")))
        model = {"id": MODEL, "object": "model", "created": 1, "owned_by": "openhands"}
        return http(200, {"object": "list", "data": [model]}, {"X-Presented": str(presented)})

    with Server(Gateway(KEY, {"GET /v1/models": models})) as server:
        config.write_text(f'[targets.x]\nurl = "{server.url}"\nother-keys = ["env:SECOND", "file:third"]\n')
        assert check("x", "--scenario", "chat/answers") == 0
    assert check.states() == {"chat/answers": "passed"}
    assert {"planted-second-key+1", "Bearer planted-third-key/2"} <= presented
    written = "".join(path.read_text("utf-8") for path in check.files()) + str(capsys.readouterr())
    assert "planted" not in written
    sent = [value for each in check.report()["scenarios"][0]["exchanges"] for _, value in each["request"]["headers"]]
    assert "$SECOND" in sent
    assert "Bearer $(cat third)" in sent


def test_a_name_that_is_none_gets_a_guess(check: Runner, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('[targets.staging]\nurl = "https://localhost"\n')
    assert check("stagin") == 2
    assert "did you mean `staging`?" in capsys.readouterr().err


def test_paths_are_meant_from_the_files_folder(tmp_path: Path) -> None:
    file = tmp_path / "of" / "team.toml"
    file.parent.mkdir()
    file.write_text(
        '[targets.x]\nurl = "https://localhost"\nca-file = "ca.pem"\nkey = "file:key"\nknown = "/known.yaml"\n'
        'jobs = 4\nmax-seconds = 60\nheaders = {X-A = "file:a", X-B = "b"}\n'
    )
    named = load_config(file)["x"]
    assert named.access == Access(
        ca_file=file.parent / "ca.pem",
        key=f"file:{file.parent / 'key'}",
        headers=(f"X-A=file:{file.parent / 'a'}", "X-B=b"),
    )
    assert named.run == {"known": Path("/known.yaml"), "jobs": 4, "max_seconds": 60.0}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[targets.x\n", "1: no TOML: Expected"),
        ('[targets.x]\nurl = "https://a"\n\njob = 4\n', "4: unknown key `job`; did you mean `jobs`?"),
        ('[targets.x]\nurl = "https://a"\n[target.y]\n', "3: unknown key `target`; did you mean `targets`?"),
        ('[targets.x]\njobs = 4\n\n[targets.y]\nurl = "https://a"\n', "1: a target has a `url`"),
        ('[targets.x]\nurl = "localhost"\n', "2: `url` is an address such as"),
        ('[targets.x]\nurl = "https://a"\njobs = 0\n', "3: `jobs` is a whole number above 0"),
        ('[targets.x]\nurl = "https://a"\njobs = "4"\n', "3: `jobs` is a whole number above 0"),
        ('[targets.x]\nurl = "https://a"\nwait = true\n', "3: `wait` is a number of seconds above 0"),
        ('[targets.x]\nurl = "https://a"\nnative-api = "yes"\n', "3: `native-api` is true or false"),
        ('[targets.x]\nurl = "https://a"\ncontract = "both"\n', "3: `contract` is one of documented, agent-server"),
        ('[targets.x]\nurl = "https://a"\nkey = "planted"\n', "3: `key` is a secret, so only a reference"),
        ('[targets.x]\nurl = "https://a"\nother-keys = ["planted"]\n', "3: `other-keys` is a list of secrets"),
        ('[targets.x]\nurl = "https://a"\nheaders = ["X"]\n', "3: `headers` is a table of texts"),
        ('[targets.x]\nurl = "https://a"\nheaders = {X = 1}\n', "3: `headers` is a table of texts"),
        ('[targets.reference]\nurl = "https://a"\n', "1: `reference` is a target already"),
        ('[targets."a b"]\nurl = "https://a"\n', "1: a name is of letters"),
        ("targets = 1\n", "1: [targets.NAME] is a table"),
        ("[targets]\nx = 1\n", "2: [targets.x] is a table"),
    ],
)
def test_each_mistake_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "team.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(f"{file}:{complaint}")) as raised:
        load_config(file)
    assert "planted" not in str(raised.value)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "team.toml"
    file.write_text('[targets.x]\njob = 4\n[targets.y]\nurl = "https://a"\nwait = nan\nca-file = ""\n')
    with pytest.raises(ConfigError) as raised:
        load_config(file)
    assert str(raised.value).replace(str(file), "").splitlines() == [
        ":1: a target has a `url`",
        ":2: unknown key `job`; did you mean `jobs`?",
        ":5: `wait` is a number of seconds above 0",
        ":6: `ca-file` is the path of a file",
    ]


def test_a_broken_file_is_a_usage_error(check: Runner, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("x")
    assert check("http://127.0.0.1:9") == 2
    assert "gateway-harness.toml:1: no TOML" in capsys.readouterr().err
    assert check("http://127.0.0.1:9", "--config", "missing.toml") == 2
    assert "missing.toml: No such file" in capsys.readouterr().err


def test_a_folder_without_the_file_names_no_targets(config: Path) -> None:
    assert load_config() == {}
