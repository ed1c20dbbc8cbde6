"""A deployment of Zorgsluis on MiniStack and the stand-ins, with all that a test does to it."""

from trouble import Trouble
from ways_in import WaysIn


class Stack(WaysIn, Trouble):
    """One deployment: sent messages, put into trouble, and read."""
