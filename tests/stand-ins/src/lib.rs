//! HealthLake and Comprehend Medical on the wire, for tests.
