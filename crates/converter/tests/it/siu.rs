//! Appointment messages as hospitals send them.

use crate::support::{of_kind, run};

fn blocked(number: &str) -> String {
    format!(
        "MSH|^~\\&|AGD|LINDE|||20261109120000+0100||SIU^S23^SIU_S12|{number}|P|2.5.1\r\
         SCH|P{number}|F{number}|||||VAK^Vakantie^L||1|D|^^1D^20261201^20261202\r"
    )
}

#[test]
fn two_that_are_blocked_without_a_name_have_two_schedules() {
    let schedule = |number: &str| {
        let (bundle, report) = run(blocked(number).as_bytes());
        assert!(report.unmapped.is_empty(), "{:?}", report.unmapped);
        of_kind(&bundle, "Schedule").remove(0)["id"].clone()
    };
    assert_ne!(schedule("1"), schedule("2"));
    assert_eq!(schedule("1"), schedule("1"));
}
