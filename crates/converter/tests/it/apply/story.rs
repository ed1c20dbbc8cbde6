//! What a whole hospital tells of the persons and visits of [`super::persons_in_any_order::everything`].

use super::documents::{mdm, txa};
use super::persons::{ONE, TWO, visit};
use super::persons_in_any_order::NEW;
use super::ward::{ONE as BED, THREE as FAR, TWO as BESIDE, Told, at, told};
use super::world::adt;

const DOCTOR: &str = "01004568^Oudman^K.^^^^^^VEKTIS";

/// An order of the ward, and what answers it.
fn order(minute: u32, control: &str, pid: &str, number: &str, status: &str) -> String {
    let at = at(minute);
    format!(
        "MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{at}||ORM^O01|O{minute}{control}|P|2.4|||||NLD|8859/1\r{pid}\r{}\r\
         ORC|{control}|A1^ZIS|||{status}||||{at}\rOBR|1|A1^ZIS||EL^elektrolyten^99zli\r",
        visit(number)
    )
}

/// A message of any kind: minute of 5 November 2026 after nine, and its segments.
fn message(kind: &str, minute: u32, segments: &[&str]) -> String {
    let (at, event) = (at(minute), kind.replace('^', ""));
    let evn = if kind.starts_with("DFT") { format!("EVN||{at}\r") } else { String::new() };
    let head =
        format!("MSH|^~\\&|ZIS|LINDE|ZORGSLUIS|LINDE|{at}||{kind}|X{minute}{event}|P|2.5.1|||||NLD|8859/1");
    format!("{head}\r{evn}{}\r", segments.join("\r"))
}

fn of(pid: &str, told: &Told<'_>, more: &str) -> String {
    told.of(&[format!("{}{more}", told.group(pid))])
}

/// What a ward tells between what stands in [`super::persons_in_any_order::everything`]: the first visit from its plan to its end.
pub(super) fn of_the_ward() -> Vec<String> {
    let leave = "||||||||||||||||||||||||||||||||||||||||||||||20261105120000";
    let allergies = ["AL1|1|DA|764146007^penicilline^SCT|SV\r", "AL1|1|FA|91934008^pinda^SCT|MO\r"];
    let diagnosis = "DG1|1||S72.0^heupfractuur^I10||20261105|A\r";
    let document = |event, minute, number, before: &str, text| {
        let told = mdm(event, minute, &txa(number, before, "AU", "AV"), text);
        told.replace("TXA|1", &format!("{}\rTXA|1", visit("V1")))
    };
    vec![
        of(ONE, &Told { class: "P", place: FAR, ..told("A05", 1) }, ""),
        of(ONE, &Told { place: BED, admitted: Some(2), ..told("A01", 3) }, diagnosis),
        order(3, "NW", ONE, "V1", ""),
        of(ONE, &Told { place: BED, temporary: "OK^2^ok", ..told("A09", 4) }, ""),
        of(ONE, &Told { place: BED, prior_temporary: "OK^2^ok", ..told("A10", 5) }, allergies[0]),
        of(ONE, &Told { place: BESIDE, prior: BED, ..told("A02", 6) }, ""),
        document("T02", 7, "B1", "", "Opname."),
        of(ONE, &Told { place: BED, prior: BESIDE, happened: Some(6), ..told("A12", 8) }, ""),
        of(ONE, &Told { place: BED, happened: None, ..told("A08", 9) }, allergies[1]),
        of(TWO, &Told { place: BED, pending: FAR, ..told("A15", 11) }, ""),
        of(TWO, &Told { place: FAR, prior: BED, ..told("A02", 13) }, diagnosis),
        order(14, "XO", TWO, "V1", "IP"),
        of(TWO, &Told { place: FAR, pv2: leave, ..told("A21", 16) }, ""),
        document("T10", 17, "B2", "B1^DMS", "Opname, verbeterd."),
        of(TWO, &Told { place: FAR, ..told("A22", 18) }, ""),
        of(TWO, &Told { place: FAR, discharged: Some(19), ..told("A03", 19) }, ""),
        of(TWO, &Told { place: FAR, discharged: Some(19), ..told("A13", 21) }, ""),
        of(TWO, &Told { visit: "V2", class: "O", place: BED, ..told("A07", 23) }, ""),
        of(TWO, &Told { visit: "V3", place: BESIDE, ..told("A54", 26) }, ""),
        order(28, "CA", TWO, "V3", "CA"),
        of(NEW, &Told { visit: "V3", place: FAR, discharged: Some(29), ..told("A08", 37) }, allergies[1]),
        of(NEW, &Told { visit: "V3", discharged: Some(29), ..told("A13", 43) }, ""),
        of(NEW, &Told { visit: "V3", place: BED, prior: FAR, ..told("A02", 44) }, ""),
        of(ONE, &Told { visit: "V3", place: BED, discharged: Some(48), ..told("A03", 48) }, ""),
        of(NEW, &Told { visit: "V4", place: BED, ..told("A01", 52) }, ""),
        of(NEW, &Told { visit: "V4", place: BED, ..told("A11", 53) }, ""),
        adt("A23", 54, &[NEW, &visit("V4")]),
    ]
}

/// A department that sends what no other does: of a visit without a number, of roles, allergies one by one, plans,
/// medication, vaccinations, charges and appointments, each with its correction.
pub(super) fn of_the_department() -> Vec<String> {
    let account = |number: &str| format!("{ONE}||||||||||{number}^^^LINDE^AN");
    let bare = format!("PV1|1|O|C3^12^1^LINDE{}20261105080000", "|".repeat(41));
    let role = |action: &str, more: &str| format!("ROL|R-2^ZIS|{action}|TN^^HL70443|{DOCTOR}|{more}");
    let iam = |action: &str, how: &str| format!("IAM|1|DA|J01CA04^Amoxicilline^ATC|{how}||{action}|");
    let problem = |action: &str, more: &str| {
        format!("PRB|{action}|20261105090000|S72.0^heupfractuur^I10|P1^ZIS|||20261101||||||{more}")
    };
    let vaccine = |action: &str, dose: &str| {
        format!("RXA|0|1|20261105090000||20^DTaP^CVX|{dose}|mL|||||||||||||CP|{action}")
    };
    let charge = |kind: &str| format!("FT1|1|FT1^ZIS||20261105|20261105|{kind}|190205^Consult^99ZIS|||1");
    let booked = |minute: u32, kind: &str, more: &str| {
        let sch = format!("SCH|AF1^ZIS|AF1^ZIS|||||||30|min|^^^{}00||||||||||||||{more}", "202611061000");
        message(&format!("SIU^{kind}"), minute, &[&sch, ONE, "AIL|1||C3^12^1^LINDE"])
    };
    vec![
        message("ADT^A04", 2, &[&account("A7"), &bare]),
        message("ADT^A06", 9, &[&account("A7"), &bare.replace("|O|", "|I|")]),
        message("ADT^A49", 15, &[&account("A8"), "MRG|||A7^^^LINDE^AN"]),
        message("ADT^A41", 31, &[&account("A9"), "MRG|||A8^^^LINDE^AN"]),
        message("ADT^A03", 39, &[&account("A8"), &bare]),
        message("ADT^A08", 3, &[ONE, &role("AD", "20261101")]),
        message("ADT^A08", 17, &[ONE, &role("UP", "20261102")]),
        message("ADT^A08", 41, &[NEW, &role("DE", "20261102|20261105")]),
        message("ADT^A60", 8, &[ONE, &iam("A", "SV")]),
        message("ADT^A60", 19, &[ONE, &iam("U", "MI")]),
        message("ADT^A60", 47, &[NEW, &iam("D", "")]),
        message("ADT^A31", 21, &[ONE, "PD1||A|||||Y"]),
        message("ADT^A31", 49, &[NEW, "PD1||F|||||N"]),
        message("PPR^PC1", 4, &[ONE, &problem("AD", "")]),
        message("PPR^PC2", 22, &[ONE, &problem("UP", "active")]),
        message("PPR^PC3", 38, &[ONE, &problem("DE", "")]),
        message("VXU^V04", 6, &[ONE, "ORC|RE||VX1^ZIS", &vaccine("A", "0.5")]),
        message("VXU^V04", 24, &[ONE, "ORC|RE||VX1^ZIS", &vaccine("U", "0.3")]),
        message("VXU^V04", 51, &[NEW, "ORC|RE||VX1^ZIS", &vaccine("D", "0.3")]),
        message("DFT^P03", 7, &[ONE, &visit("V1"), &charge("CG")]),
        message("DFT^P03", 26, &[ONE, &visit("V1"), &charge("CR")]),
        booked(1, "S12", ""),
        booked(12, "S13", "").replace("1000", "1030"),
        booked(36, "S15", ""),
        mdm("T09", 45, &txa("B3", "B2^DMS", "AU", "AV"), "Opname, weer anders."),
        mdm("T03", 53, &txa("B3", "", "LA", "AV"), ""),
        mdm("T11", 55, &txa("B1", "", "", "CA"), ""),
        of(ONE, &Told { place: BED, happened: Some(4), ..told("A33", 10) }, ""),
        of(ONE, &Told { place: BED, happened: Some(5), ..told("A32", 11) }, ""),
        of(TWO, &Told { place: BED, happened: None, ..told("A26", 12) }, ""),
        of(TWO, &Told { place: FAR, happened: Some(16), ..told("A52", 20) }, ""),
        of(TWO, &Told { place: FAR, happened: Some(18), ..told("A53", 20) }, ""),
        of(TWO, &Told { class: "P", happened: None, ..told("A38", 22) }, ""),
        of(TWO, &Told { visit: "V3", happened: None, ..told("A55", 27) }, ""),
    ]
}

/// What the pharmacy, the planning desk and the staff register tell: prescriptions that are encoded, dispensed, given
/// and corrected, plans that are given up, two who swap their beds, and a doctor whose record comes and goes.
pub(super) fn of_the_pharmacy() -> Vec<String> {
    let orc = |control: &str, number: &str, minute: u32| {
        format!("ORC|{control}|{number}^EVS|F{number}^APO||||||{}|||{DOCTOR}", at(minute))
    };
    let (rxo, rxe) =
        ("RXO|13404^PARACETAMOL^PRK|1||stuks", "RXE||13404^PARACETAMOL^PRK|1||stuks||||N|20|stuks");
    let given = |dose: u32, nth: u32, how: &str| {
        format!("RXA|0|{nth}|20261105093000||13404^PARACETAMOL^PRK|{dose}|stuks||||||||LOT1|||||{how}")
    };
    let staff = |minute, what: &str, status: &str, unit: &str| {
        let stf = format!("STF|M21^^99ZIS|01004568^^^VEKTIS^AGB|Oudman&&Oudman^K||||{status}");
        let segments = [
            "MFI|PRA^staf^HL70175||UPD|||NE",
            &format!("MFE|{what}|||M21"),
            &stf,
            &format!("PRA||{unit}^{unit}^99ZIS"),
        ];
        message("MFN^M02", minute, &segments)
    };
    let swap = [
        Told { place: "C3^12^1", prior: BED, ..told("A17", 9) }.group(ONE),
        Told { visit: "V2", place: BED, prior: "C3^12^1", ..told("A17", 9) }.group(TWO),
    ];
    let leaves = |pid, event, minute, happened| {
        of(pid, &Told { place: FAR, pv2: "||||||||20261106", happened, ..told(event, minute) }, "")
    };
    vec![
        message("OMP^O09", 3, &[ONE, &orc("NW", "R1", 3), "TQ1|1||BID", rxo, "NTE|1|P|Let op."]),
        message("RDE^O11", 5, &[ONE, &orc("NW", "R1", 5), rxo, rxe]),
        message("RDE^O11", 11, &[ONE, &orc("XO", "R1", 11), rxo, &rxe.replace("|20|", "|40|")]),
        message("OMP^O09", 9, &[ONE, &orc("XO", "R1", 9), "TQ1|1||TID", &rxo.replace("|1|", "|2|")]),
        message(
            "RDS^O13",
            14,
            &[ONE, &orc("RE", "R1", 14), "RXD|1|13404^PARACETAMOL^PRK|20261105092000|20|stuks"],
        ),
        message("RAS^O17", 18, &[ONE, &orc("RE", "R1", 18), &given(1, 1, "CP|A")]),
        message("RAS^O17", 23, &[ONE, &orc("RE", "R1", 23), &given(2, 1, "CP|U")]),
        message("RAS^O17", 24, &[ONE, &orc("RE", "R1", 24), &given(1, 7, "CP|A")]),
        message("RAS^O17", 37, &[ONE, &orc("RE", "R1", 37), &given(1, 7, "PA|U"), "RXR|PO"]),
        message("RAS^O17", 48, &[NEW, &orc("RE", "R1", 48), &given(1, 7, "PA|D")]),
        message("OMP^O09", 50, &[NEW, &orc("DC", "R1", 50)]),
        message("RGV^O15", 16, &[ONE, &orc("RE", "R1", 16), "RXG|1|||13404^PARACETAMOL^PRK|1||stuks"]),
        staff(1, "MAD", "A", "CHIR"),
        staff(20, "MUP", "A", "INT"),
        staff(46, "MDC", "I", "INT"),
        staff(52, "MAC", "A", "INT"),
        message(
            "ADT^A08",
            28,
            &[TWO, &visit("V3"), &format!("ROL|R-3^ZIS|AD|AT^^HL70443|{DOCTOR}|20261103")],
        ),
        of(ONE, &Told { visit: "V5", place: FAR, ..told("A14", 2) }, ""),
        of(ONE, &Told { visit: "V5", place: FAR, happened: None, ..told("A27", 12) }, ""),
        of(NEW, &Told { visit: "V4", place: BED, ..told("A14", 47) }, ""),
        of(NEW, &Told { visit: "V4", place: BED, happened: None, ..told("A27", 49) }, ""),
        told("A17", 9).of(&swap),
        leaves(TWO, "A16", 15, Some(15)),
        leaves(TWO, "A25", 17, None),
        leaves(TWO, "A16", 18, Some(18)),
    ]
}
