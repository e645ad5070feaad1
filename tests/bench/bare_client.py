"""The baseline: a loop that sends the same requests with the official client and checks nothing.

`python bare_client.py BASE_URL KEY MODEL COUNT JOBS`
"""

from __future__ import annotations

import asyncio
import sys

from openai import AsyncOpenAI


async def main(base_url: str, key: str, model: str, count: int, jobs: int) -> None:
    """Send `count` requests, `jobs` in flight."""
    client = AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0)
    slots = asyncio.Semaphore(jobs)

    async def send(number: int) -> None:
        async with slots:
            await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": f"Reply with exactly: ready {number}"}]
            )

    async with client, asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(send(number))


if __name__ == "__main__":
    _, base_url, key, model, count, jobs = sys.argv
    asyncio.run(main(base_url, key, model, int(count), int(jobs)))
