//! Accepts HL7 v2 messages: durable first, acknowledged after.
