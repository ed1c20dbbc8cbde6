//! A transparency log: bundles, RFC 6962 tiles, signed checkpoints, proofs. Knows nothing of health care.
