//! Applying messages to the embedded stores: what HL7 v2 says must stand in the end, in whatever order,
//! however often, and whatever fails in between.

mod appointments;
mod cancels;
mod claims;
mod documents;
mod entries;
mod faults;
mod finance;
mod identity;
mod laboratory;
mod large;
mod links;
mod medication;
mod merging;
mod mixed;
mod notes;
mod order;
mod orders;
mod persons;
mod persons_in_any_order;
mod process;
mod sets;
mod story;
mod subject;
mod told_late;
mod trouble;
mod twice;
mod visit;
mod visits;
mod ward;
mod weight;
mod without_number;
mod world;
