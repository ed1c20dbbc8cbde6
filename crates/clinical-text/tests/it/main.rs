//! Integration tests of `zorgsluis-clinical-text`, through its public doors only.

mod language;
