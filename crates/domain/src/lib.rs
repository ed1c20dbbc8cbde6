//! The words that every part of Zorgsluis speaks, and the ports of its use cases.
