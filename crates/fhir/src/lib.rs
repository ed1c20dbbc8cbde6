//! The FHIR R4 resources that Zorgsluis writes, with the Dutch nl-core helpers. Knows nothing of HL7 v2.
