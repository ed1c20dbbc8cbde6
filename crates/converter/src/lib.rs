//! HL7 v2 to FHIR R4: convert (pure) and apply (into a store).
