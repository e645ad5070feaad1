"""The messages of conversations that run at once, and the answer that each must get."""


def delayed(conversation: int, turn: int) -> str:
    """Answered after 100 ms. The first message tells a word of this conversation alone, the later ones ask for it."""
    if turn == 0:
        return f"The code word is word{conversation}. Reply with exactly: ready {conversation}\n[[delay: 0.1]]"
    return "What is the code word?\n[[delay: 0.1]]"


def wanted(conversation: int, turn: int) -> str:
    """The only right answer."""
    return f"ready {conversation}" if turn == 0 else f"word{conversation}"
