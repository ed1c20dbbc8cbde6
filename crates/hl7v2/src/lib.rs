//! HL7 v2: parse, decode, acknowledge, and the MLLP framing. Knows nothing of FHIR.
