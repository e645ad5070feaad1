"""`python -m tests.bench.bare_sdk FOLDER disk|memory`: turns without a gateway, played directly on the SDK.

Commands come as lines on stdin, answers go as lines of JSON to stdout:

    windows FROM TO ...         CPU seconds of the turns from FROM to TO of a fresh conversation (its first is 0), for
                                each window
    at-once CONVERSATIONS TURNS seconds for that many turns of as many conversations, each in a thread of its own
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from openhands.sdk import LLM, LocalConversation
from openhands.sdk.conversation.response_utils import get_agent_final_response
from openhands.sdk.io import InMemoryFileStore
from pydantic import SecretStr

from harness.gateway.agents.openhands.agent import agent_without_tools
from tests.bench.instant_model import instant_model
from tests.bench.messages import delayed, wanted

if TYPE_CHECKING:
    from openhands.sdk import BaseConversation


def main() -> int:
    """Run commands until stdin ends."""
    folder, store = Path(sys.argv[1]), sys.argv[2]
    _windows(_conversation(folder, store, instant_model()), [0, 2])  # what is imported or cached once
    print("ready", flush=True)
    for line in sys.stdin:
        match line.split():
            case ["windows", *bounds]:
                answer: object = _windows(_conversation(folder, store, instant_model()), list(map(int, bounds)))
            case ["at-once", conversations, turns]:
                answer = _at_once(folder, store, int(conversations), int(turns))
            case _:
                raise SystemExit(f"no such command: {line}")
        print(json.dumps(answer), flush=True)
    return 0


def _conversation(folder: Path, store: str, llm: LLM) -> LocalConversation:
    identifier = uuid.uuid4()
    return LocalConversation(
        agent_without_tools(llm, None),
        folder / "workspaces" / identifier.hex,
        persistence_dir=folder / "conversations" if store == "disk" else None,
        file_store=None if store == "disk" else InMemoryFileStore(),
        conversation_id=identifier,
        visualizer=None,
    )


def _turn(conversation: LocalConversation, text: str) -> str:
    undecorated: BaseConversation = conversation
    undecorated.send_message(text)
    undecorated.run()
    return get_agent_final_response(conversation.state.events)


def _windows(conversation: LocalConversation, bounds: list[int]) -> list[float]:
    """`windows` is a flat list: from, to, from, to."""
    used = []
    for number in range(bounds[-1] + 1):
        if number in bounds:
            used.append(time.process_time())
        _turn(conversation, f"message {number}")
    conversation.close()
    return [stop - start for start, stop in zip(used[::2], used[1::2], strict=True)]


def _at_once(folder: Path, store: str, conversations: int, turns: int) -> dict[str, float]:
    wrong: list[int] = []
    begin = threading.Barrier(conversations + 1)

    def play(number: int) -> None:
        llm = LLM(model="openai/scripted", base_url=os.environ["MODEL_URL"], api_key=SecretStr("none"), num_retries=0)
        conversation = _conversation(folder, store, llm)
        begin.wait()
        answers = [_turn(conversation, delayed(number, turn)) for turn in range(turns)]
        wrong.extend(turn for turn, answer in enumerate(answers) if answer != wanted(number, turn))
        conversation.close()

    threads = [threading.Thread(target=play, args=[number]) for number in range(conversations)]
    for thread in threads:
        thread.start()
    begin.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - began, "wrong": len(wrong)}


if __name__ == "__main__":
    sys.exit(main())
