//! FHIR facade and operator pages over HTTP.
