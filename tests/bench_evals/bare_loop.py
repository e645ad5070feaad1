"""The baseline: the official client in a loop, an exact match, and a line for each sample.

`python bare_loop.py BASE_URL MODEL SAMPLES LINES CONCURRENCY`
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import IO

from openai import AsyncOpenAI, OpenAIError


async def main(base_url: str, model: str, samples: IO[str], lines: IO[str], concurrency: int) -> None:
    client = AsyncOpenAI(base_url=base_url, api_key="any")
    slots = asyncio.Semaphore(concurrency)

    async def ask(sample: dict[str, str]) -> None:
        async with slots:
            try:
                completion = await client.chat.completions.create(
                    model=model, messages=[{"role": "user", "content": sample["input"]}]
                )
            except OpenAIError as problem:
                line: dict[str, object] = {"id": sample["id"], "error": str(problem)}
            else:
                answer = completion.choices[0].message.content
                line = {"id": sample["id"], "answer": answer, "score": float(answer == sample["target"])}
            lines.write(json.dumps(line) + "\n")

    async with client, asyncio.TaskGroup() as group:
        for line in samples:
            group.create_task(ask(json.loads(line)))


if __name__ == "__main__":
    _, base_url, model, samples, lines, concurrency = sys.argv
    with Path(samples).open(encoding="utf-8") as read, Path(lines).open("w", encoding="utf-8") as written:
        asyncio.run(main(base_url, model, read, written, int(concurrency)))
