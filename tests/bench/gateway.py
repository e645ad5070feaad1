"""What the gateway adds to the agent SDK: `python -m tests.bench.gateway`, or `make bench`.

Every figure is measured beside the baseline, in the same run: the same turns, played by a program on the SDK alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import curve, result
from tests.bench.children import Bare, Chat, Gateway, scripted_model
from tests.bench.messages import delayed, wanted
from tests.bench.process import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROUNDS = 9
FOLLOW_UPS = 20
AT_ONCE, TURNS_AT_ONCE = 64, 4
HELD = 1000
POINTS, WINDOW = (10, 50, 150), 10
STORES = {"memory": "in memory", "disk": "on disk"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the result."""

    rows: Sequence[Sequence[str]]
    targets: Mapping[str, bool]
    data: Mapping[str, object]


def overhead(folder: Path, undo: ExitStack) -> Part:
    """CPU and latency of a follow-up, the SDK's own test model behind both."""
    rows, targets, data = [], {}, {}
    for store, where in STORES.items():
        bare, gateway = Bare(undo, folder / store, store), Gateway(undo, folder / store, store)
        floor: list[float] = []
        cost: list[float] = []
        waited: list[float] = []
        for _ in range(ROUNDS):
            floor += bare.windows((1, 1 + FOLLOW_UPS))
            cpu, wall = gateway.windows((1, 1 + FOLLOW_UPS))
            cost += cpu
            waited += wall
        refused = gateway.refusals(200)
        ratio = Spread.of(ours / theirs for ours, theirs in zip(cost, floor, strict=True))
        cpus = (f"{Spread.of(values).show(1)} ms" for values in (floor, cost))
        rows.append([f"CPU of a follow-up, {where}", *cpus, ratio.show(2)])
        rows.append([f"CPU of HTTP alone (a refused request), {where}", "", f"{refused:.1f} ms", ""])
        rows.append([f"Latency of a follow-up, {where}", "", f"{Spread.of(waited).show(1)} ms", ""])
        targets[f"a follow-up {where} costs at most 1.3x the CPU of the SDK's alone"] = ratio.median <= 1.3
        data[store] = {
            "bare_cpu_ms": floor,
            "gateway_cpu_ms": cost,
            "ratio": ratio.median,
            "refused_cpu_ms": refused,
            "latency_ms": waited,
        }
        if store == "memory":
            targets["half of the follow-ups in memory are answered within 10 ms"] = Spread.of(waited).median < 10
    return Part(rows, targets, {"overhead": data})


def history(folder: Path, undo: ExitStack) -> Part:
    """CPU of a turn as the conversation grows; the picture shows it."""
    bare, gateway = Bare(undo, folder, "disk"), Gateway(undo, folder, "disk")
    windows = [(point - WINDOW // 2, point + WINDOW // 2) for point in POINTS]
    pairs = [(bare.windows(*windows), gateway.windows(*windows)[0]) for _ in range(ROUNDS)]
    floor, cost = (
        {point: Spread.of(costs[n] for costs in series).median for n, point in enumerate(POINTS)}
        for series in zip(*pairs, strict=True)
    )
    curve.draw(result.FOLDER / "gateway-history.svg", floor, cost)
    growth = Spread.of((ours[-1] - ours[0]) / (theirs[-1] - theirs[0]) for theirs, ours in pairs)
    first, last = POINTS[0], POINTS[-1]
    rows = [[f"CPU of turn {n}, on disk", f"{floor[n]:.1f} ms", f"{cost[n]:.1f} ms", ""] for n in POINTS]
    return Part(
        [*rows, [f"What it grows by from turn {first} to turn {last}", "", "", growth.show(2)]],
        {
            f"from turn {first} to turn {last} the cost grows no faster than the SDK's (within 5 %)": growth.median
            <= 1.05
        },
        {"history": {"bare_cpu_ms": floor, "gateway_cpu_ms": cost, "growth": growth.median, "rounds": pairs}},
    )


def at_once(folder: Path, undo: ExitStack) -> Part:
    """Many conversations at once, with a model that takes 100 ms."""
    model = scripted_model(undo, folder)
    bare, gateway = Bare(undo, folder, "disk", model=model), Gateway(undo, folder, "disk", model=model)
    floor, speed, wrong = [], [], 0
    for _ in range(3):
        answer = bare.ask(f"at-once {AT_ONCE} {TURNS_AT_ONCE}")
        floor.append(AT_ONCE * TURNS_AT_ONCE / answer["seconds"])
        wrong += answer["wrong"]
        seconds, mistakes = _play_at_once(gateway.chat)
        speed.append(AT_ONCE * TURNS_AT_ONCE / seconds)
        wrong += mistakes
    ratio = Spread.of(ours / theirs for ours, theirs in zip(speed, floor, strict=True))
    row = [
        f"{AT_ONCE} conversations at once",
        f"{Spread.of(floor).show(0)} turns/s",
        f"{Spread.of(speed).show(0)} turns/s",
    ]
    return Part(
        [[*row, ratio.show(2)]],
        {
            f"{AT_ONCE} conversations at once: no turn is lost or mixed up": wrong == 0,
            f"{AT_ONCE} conversations at once: at least 0.8x the turns of SDK threads": ratio.median >= 0.8,
        },
        {"at_once": {"bare_turns_per_s": floor, "gateway_turns_per_s": speed, "wrong": wrong}},
    )


def _play_at_once(chat: Chat) -> tuple[float, int]:
    """Seconds, and the number of wrong answers."""

    def play(number: int) -> int:
        conversation, wrong = None, 0
        for turn in range(TURNS_AT_ONCE):
            text, conversation = chat.turn(delayed(number, turn), conversation, "scripted")
            wrong += text != wanted(number, turn)
        return wrong

    with ThreadPoolExecutor(AT_ONCE) as threads:
        began = time.perf_counter()
        wrong = sum(threads.map(play, range(AT_ONCE)))
    return time.perf_counter() - began, wrong


def memory(folder: Path, undo: ExitStack) -> Part:
    """Memory of idle conversations, held and put out."""
    model = scripted_model(undo, folder)
    gateway = Gateway(undo, folder / "held", "disk", model=model)
    few, many = HELD // 10, HELD
    _play_at_once(gateway.chat)  # starts every worker thread, whose memory stays
    names = [_one_turn(gateway.chat, number) for number in range(few)]
    before = gateway.resident()
    names += [_one_turn(gateway.chat, number) for number in range(few, many)]
    each = (gateway.resident() - before) / (many - few)

    small = Gateway(undo, folder / "put-out", "disk", held=few, model=model)
    _play_at_once(small.chat)
    names = [_one_turn(small.chat, number) for number in range(2 * few)]
    before = small.resident()
    names += [_one_turn(small.chat, number) for number in range(2 * few, many)]
    put_out = (small.resident() - before) / (many - 2 * few)
    asked = range(0, many, many // 20)
    right = sum(small.chat.turn("What is the code word?", names[n], "scripted")[0] == f"word{n}" for n in asked)
    return Part(
        [
            ["Memory of an idle conversation, held", "", f"{each:.0f} KiB", ""],
            ["Memory of an idle conversation, put out", "", f"{put_out:.0f} KiB", ""],
        ],
        {
            f"an idle conversation takes at most 250 KB ({HELD} held)": each * 1.024 <= 250,
            f"of {HELD} conversations with {few} held, those put out go on where they were": right == len(asked),
        },
        {"memory": {"held_kib": each, "put_out_kib": put_out, "restored_right": right, "restored": len(asked)}},
    )


def _one_turn(chat: Chat, number: int) -> str:
    text = f"The code word is word{number}. Reply with exactly: ok"
    return chat.turn(text, None, "scripted")[1]


def released_server(folder: Path, undo: ExitStack) -> Part:
    """The latency of a follow-up beside that of a released server, with the same model."""
    python = Path(os.environ.get("AGENT_SERVER_PYTHON", result.FOLDER.parents[1] / ".venv-agent-server/bin/python"))
    if not python.exists():
        print("gateway: no released server to compare with; `make test-server` installs one", file=sys.stderr)
        return Part([], {}, {})
    from harness.targets.agent_server import AgentServerTarget

    gateway = Gateway(undo, folder, "disk", model=scripted_model(undo, folder))
    server = AgentServerTarget(None, interpreter=str(python))
    undo.callback(server.stop)
    endpoint = server.start(lambda _: None)
    theirs, ours = _latency(Chat(undo, endpoint.base_url, endpoint.key or "")), _latency(gateway.chat)
    ratio = theirs.median / ours.median
    version = endpoint.server_info.get("version")
    latencies = (f"{theirs.show(0)} ms (agent server {version})", f"{ours.show(0)} ms")
    return Part(
        [["Latency of a follow-up, beside a released server", *latencies, f"{1 / ratio:.3f}"]],
        {"a follow-up is answered at least 20x faster than by a released server": ratio >= 20},
        {"released_server": {"version": version, "server_ms": theirs.median, "gateway_ms": ours.median}},
    )


def _latency(chat: Chat) -> Spread:
    _, conversation = chat.turn("hello", None, "scripted")
    waited = []
    for _ in range(8):
        began = time.perf_counter()
        chat.turn("Reply with exactly: ok", conversation, "scripted")
        waited.append((time.perf_counter() - began) * 1000)
    return Spread.of(waited)


METHOD = f"""\
The floor is a program on the SDK alone: `send_message`, `run`, `get_agent_final_response`, with the SDK's own stores
(in memory; on disk with its fsync). The gateway runs as `serve` does, asked over HTTP by another process; its CPU is
that of its whole process. CPU: conversations of {FOLLOW_UPS} follow-ups, in turn with the floor, {ROUNDS} rounds, the
SDK's `TestLLM` as the model of both. At once: {AT_ONCE} conversations of {TURNS_AT_ONCE} turns through litellm to a
scripted model that waits 100 ms. Memory: resident set between conversation {HELD // 10} and {HELD}. No tools.

![CPU of a turn as the conversation grows](gateway-history.svg)"""


def main() -> int:
    """Measure everything. Returns 1 if a target is missed."""
    parts = []
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as scratch:
        for measure in (overhead, history, at_once, memory, released_server):
            began = time.perf_counter()
            with ExitStack() as undo:
                parts.append(measure(Path(scratch) / measure.__name__, undo))
            print(f"gateway: {measure.__name__} took {time.perf_counter() - began:.0f} s", file=sys.stderr)
    versions = {name: metadata.version(name) for name in ("openhands-sdk", "litellm", "fastapi", "uvicorn")}
    measured = result.Result(
        name="gateway",
        title="What the gateway adds to the agent SDK",
        method=METHOD,
        header=["", "SDK alone", "gateway", "ratio"],
        rows=[row for part in parts for row in part.rows],
        targets={target: met for part in parts for target, met in part.targets.items()},
        data={"versions": versions} | {name: value for part in parts for name, value in part.data.items()},
    )
    print(result.write(measured))
    return 0 if all(measured.targets.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
