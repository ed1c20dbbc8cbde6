//! The MLLP listener.
