//! Messages that fuzzing found: something was lost in them without a word, or written as FHIR forbids.

use hl7v2::Message;
use zorgsluis_converter::{ConvertOptions, convert};

use crate::shape;

const MARKER: &str = "Zq7Wx";

/// Whatever stands in the place of a leaf is in the Bundle, or that place in the report; and each Bundle is as FHIR
/// wants it.
fn holds(lines: &str) {
    let options = ConvertOptions::demonstration();
    let bytes = lines.replace('\n', "\r").into_bytes();
    let conversion = convert(&bytes, &options).unwrap();
    shape::check(&conversion.bundle_json());
    let message = Message::parse(&bytes).unwrap();
    let mut lost = Vec::new();
    for leaf in message.leaves() {
        let place = leaf.place();
        if &place.segment == b"MSH" && matches!(place.field, 9 | 12 | 18) {
            continue;
        }
        let start = leaf.offset() as usize;
        let changed = [&bytes[..start], MARKER.as_bytes(), &bytes[start + leaf.raw().len()..]].concat();
        let Ok(conversion) = convert(&changed, &options) else { continue };
        let json = conversion.bundle_json();
        shape::check(&json);
        let report = conversion.report("found", 0);
        let reported = report.ignored.iter().any(|one| one.at.0 == place)
            || report.unmapped.iter().any(|one| one.at.0 == place);
        if !reported && !shape::holds(&json, MARKER) {
            lost.push(place.to_string());
        }
    }
    assert!(lost.is_empty(), "neither in the Bundle nor in the report: {lost:?}");
}

const PATIENT: &str = "PID|1||1000001^^^LINDE^PI||Bakker&&Bakker^P||19481103|M\n";

fn header(event: &str) -> String {
    format!("MSH|^~\\&|ZIS|LINDE|Z|L|20260102101700+0100||{event}|M1|P|2.8|||||NLD|8859/1\n")
}

#[test]
fn a_part_that_ends_at_no_readable_time_has_no_empty_period() {
    let roles = "EVN|A08|20260||105\nROL|R-2|DE|TN^0^HL70443|7788^Wijkman^W\nPV1|1|I|4A|||||||||||||||||V1\n\
                 ROL|R-3|DE|AT|7789^Dokter^D\n";
    holds(&(header("ADT^A08^ADT_A01") + "EVN|A08|20260\n" + PATIENT + roles));
    // The end would be before the beginning.
    let later = "ROL|R-2|DE|TN|7788^Wijkman^W|20300101\n";
    holds(&(header("ADT^A08^ADT_A01") + "EVN|A08|20260101\n" + PATIENT + later));
}

#[test]
fn what_stands_beside_the_code_of_a_key_is_kept() {
    let file = "MFI|STF|L|UPD||||AL\nMFE|MAD|||M003\nSTF|M003^^99ZIS&&Mol^Ad^x^y^z^^^Tekst\n";
    holds(&(header("MFN^M02^MFN_M02") + file));
    let charge = "FT1|1|T1||2026||CG|C^X|||||||D1&afdeling&x^Naam^99ZIS^d2^n2^s2^^^Tekst\n";
    holds(&(header("DFT^P03^DFT_P03") + PATIENT + charge));
    let secret = "PID|1||1^^^L^PI||A^B\n";
    let secured = header("ADT^A31^ADT_A05").replace("8859/1\n", "8859/1||||||||U^x&y^HL70952|R&stray^z\n");
    holds(&(secured + secret));
    let device = "SCH|1^P|2^P\nPID|1||1^^^L^PI\nRGS|1\nAIG|1|A|MRI&deel^scanner^99ZIS^b^c^d^^^Tekst|D\n";
    holds(&(header("SIU^S12^SIU_S12") + device));
}

#[test]
fn an_order_of_which_nothing_is_written_is_in_the_report() {
    let given = "RXG|1||^^^20261117120000+0100|70011^AMOXI^PRK|1||g\n";
    let order = "ORC|RE|MV1^EVS|AP5502^APO||CM||||20260101|||01^Arts^A\nRXR|IV^Intravenous^HL70162\n";
    holds(&(header("RGV^O15^RGV_O15") + given + PATIENT + order));
    holds(&(header("RDS^O13^RDS_O13") + PATIENT + order));
    holds(&(header("RAS^O17^RAS_O17") + PATIENT + order));
}

#[test]
fn the_number_of_results_without_a_report_is_kept() {
    let results = "ORC|RE|P1^ZIS|F1^LABSYS\nOBX|1|NM|K^kalium^99zli||4.6|mmol/L|||||F\n\
                   OBR|1|P1^ZIS|F1^LABSYS|EL^elektrolyten^99zli|||20261114113000\n";
    holds(&(header("ORU^R01^ORU_R01") + PATIENT + results));
}

#[test]
fn a_patient_who_is_named_twice_is_told_whole_or_the_difference_is_in_the_report() {
    let again = "PID|1||1000001^^^LINDE^PI~2^^^X^PI||Bakker^Piet||19480104|F|||Kade 1^^Stad||06|07|nl|M^^HL70002|PRO||||||Stad|Y\
                 |2|NL|||||20250101|Y\n";
    let plain = "PID|1||1000001^^^LINDE^PI||Bakker^P\n";
    let result = "OBR|1|P1^ZIS|F1^LAB|K^kalium\nOBX|1|NM|K^kalium^99zli||4.6|mmol/L|||||F\n";
    holds(&(header("ORU^R01^ORU_R01") + PATIENT + result + again + &result.replace('1', "2")));
    holds(&(header("ORU^R01^ORU_R01") + plain + result + again + &result.replace('1', "2")));
    holds(&(header("ADT^A40^ADT_A39") + PATIENT + "MRG|5^^^LINDE^PI\n" + again + "MRG|6^^^LINDE^PI\n"));
}

#[test]
fn a_document_of_blanks_is_none() {
    for data in ["^AP^PDF^Base64^\\.br\\", "^AP^PDF^Hex^\\X20\\", "^TEXT^plain^A^\\.sp2\\"] {
        let result = format!("OBR|1||F1^LAB|K^k\nOBX|1|ED|T1^t^99zli||{data}||||||F\n");
        holds(&(header("ORU^R01^ORU_R01") + PATIENT + &result));
    }
}

#[test]
fn a_note_on_time_that_is_blocked_is_about_no_appointment() {
    let blocked =
        "SCH|1^ZIS|2^PLAN|||||SCHOL|||^^^20261203090000+0100^20261203120000+0100\nNTE|1||Scholing.\n";
    let room = "RGS|1\nAIL|1||POLI-CHI^K4^^LINDE|C^Clinic||20261203090000+0100|||3|h\n";
    holds(&(header("SIU^S23^SIU_S12") + blocked + PATIENT + room));
    holds(&(header("SIU^S24^SIU_S12") + blocked + PATIENT + room));
}

#[test]
fn an_interval_of_blanks_is_none() {
    let order =
        "ORC|NW|P1^ZIS|F1^LAB||IP||1^\\X0D\\\nOBR|1|P1^ZIS||K^k^99zli||||||||||||||||||||||||1^\\.sp2\\\n";
    holds(&(header("ORM^O01^ORM_O01") + PATIENT + order));
    holds(&(header("ORU^R01^ORU_R01") + PATIENT + order));
}

#[test]
fn a_contact_behind_no_order_is_in_the_report() {
    let contact = "CTD|CP^contact^99zli|Zwart^Anna|Kade 1^^Stad|POLI|^PRN^PH^^^^0201234567|PH^telefoon^99zli|12345\n\
                   CTI|STUDIE-7|F1^fase|T1\nTQ2|1|S|P0^EVS\nTCD|X^Y\n";
    holds(&(header("ADT^A08^ADT_A01") + PATIENT + contact));
    holds(&(header("RDS^O13^RDS_O13") + PATIENT + contact));
    holds(&(header("ADT^A60^ADT_A60") + PATIENT + contact + "IAM|1|DA|C1^X|SV|R|A\n"));
}

#[test]
fn a_control_character_stands_in_no_string() {
    holds(&(header("ADT^A31^ADT_A05").replace("|M1|", "|M\\X00\\1|").replace("ZIS", "Z\\X01\\") + PATIENT));
}

#[test]
fn a_visit_behind_another_patient_of_an_order_is_not_that_of_the_order() {
    let prior = "ORC|NW|P1^ZIS|F1^LAB\nPID|1||1000012^^^LINDE^PI||Hof&&Hof^D||19901301|M\n\
                 PV1|1|O|POLI||||||||||||||||V2026040^^^LINDE^VN|||||||||||||||||||||||||20261|EL^elektronisch^99zli\n\
                 OBR|1|P1^ZIS||CHEM^Chemie^99zli\n";
    holds(&(header("ORM^O01^ORM_O01") + PATIENT + prior));
    holds(&(header("OML^O21^OML_O21") + PATIENT + prior));
}

#[test]
fn a_result_that_is_told_of_many_visits_or_patients_is_another_each_time() {
    let result = "OBR|1||F1^LAB|X^x^99zli\nOBX|1|NM|A^a^99zli||1\n";
    let loose = "OBX|1|NM|A^a^99zli||1\n";
    let of = |visits: &[&str], what: &str| -> String {
        visits.iter().map(|visit| format!("PV1||I|||||||||||||||||{visit}^^^LINDE^VN\n{what}")).collect()
    };
    holds(&(header("ORU^R01^ORU_R01") + PATIENT + &of(&["V1", "V2", "V3"], result)));
    holds(&(header("ADT^A08^ADT_A01") + PATIENT + &of(&["V1", "V2", "V1", "V2", "V1"], loose)));
    holds(&(header("ORU^R01^ORU_R01") + &[PATIENT, result].concat().repeat(3)));
}

#[test]
fn what_stands_before_several_merges_is_told_once() {
    let merges: String =
        (0..3).map(|visit| format!("MRG|9000009^^^LINDE^PI||||V{visit}^^^LINDE^VN\n")).collect();
    for told in ["OBX|1|NM|A^a^99zli||1\n", "OBR|1||F1^LAB|X^x^99zli\n", "AL1|1|DA|P^penicilline^99zli\n"] {
        holds(&(header("ADT^A45^ADT_A45") + "EVN||20260101\n" + PATIENT + told + &merges));
    }
}

#[test]
fn what_specimens_of_one_number_say_otherwise_is_kept() {
    let order = header("ORU^R01^ORU_R01") + PATIENT + "OBR|1|P1^ZIS|F1^LAB|K^k\nOBX|1|NM|K^k||4.6\n";
    for (first, second, third) in [
        // SPM-7, SPM-4 (the same kind in other words).
        ("|||M1", "|||M2", "|||M3"),
        ("SER^een^L", "BLD^twee^L", "BLD^drie^L"),
        ("|||||||||||||garb17", "|||||||||||||rubbish17", "|||||||||||||waste17"),
        ("|||||||||||||2026", "|||||||||||||2026^2027", "|||||||||||||^2028"),
        ("||||||||||||||||Y", "||||||||||||||||N", "||||||||||||||||WEIRD20"),
        ("||||||||||||||garb18|WEIRD20", "||||||||||||||2026|||Y", "||||||||||||||2027|||N"),
        ("||||LA||||1^mL", "||||RA||||2^mL", "||||BA||||3^mL"),
    ] {
        let specimens =
            format!("SPM|1|S1||{first}\nSPM|2|S1||{second}\nSPM|3|S1||{third}\nSPM|4|S1||{first}\n");
        holds(&(order.clone() + &specimens));
    }
}

#[test]
fn a_title_without_a_name_is_in_the_report() {
    let result = "OBR|1|P1^ZIS|F1^LAB|K^k|||||||||||||||||||||F|||||||&&&Third&Sr&Dr&MD^20260101\n";
    holds(&(header("ORU^R01^ORU_R01") + PATIENT + result));
    let procedure = "PR1|1||X^x||20260101|||||||&&&Third&Sr&Dr&MD\n";
    holds(&(header("ADT^A08^ADT_A01") + "EVN|A08|20260101\n" + PATIENT + procedure));
}

#[test]
fn a_visit_that_two_groups_tell_of_is_told_once_and_the_other_is_in_the_report() {
    let visit = "PV1|1|second17|D1^04^2^ZIS||||||||||||||||V471^^^ZIS^VN\nPV2||third18\n";
    let first = "MRG|||A98^^^ZIS^AN\nPV1|1|I|||||||||||||||||V471^^^ZIS^VN\n";
    holds(
        &(header("ADT^A06^ADT_A06") + "EVN||20260101\n" + PATIENT + first + "MRG|||A99^^^ZIS^AN\n" + visit),
    );
}

#[test]
fn the_number_of_a_part_that_nobody_plays_is_told() {
    for (role, visit) in [("228|F", ""), ("AD|PP^^HL70443", ""), ("AD|F", "PV1|1|I\n"), ("DE|F", "")] {
        let part = format!("ROL|N17|{role}\n");
        holds(&(header("ADT^A08^ADT_A01") + "EVN|A08|20260101\n" + PATIENT + &part + visit));
        holds(&(header("ADT^A08^ADT_A01") + "EVN|A08|20260101\n" + PATIENT + visit + &part));
    }
}

#[test]
fn a_master_file_that_two_segments_date_is_dated_once_and_the_other_is_in_the_report() {
    let staff = "STF|M001^^99ZIS||Visser&&Visser^Anna\n";
    for entered in ["20261014", "never"] {
        let file =
            format!("EVN|M02|20261115\nMFI|STF^^HL70175||UPD|{entered}\nMFE|MAD|1||M001^^99ZIS\n{staff}");
        holds(&(header("MFN^M02^MFN_M02") + &file));
    }
}

#[test]
fn what_two_segments_say_otherwise_of_one_role_or_relation_is_kept() {
    let staff = "MFI|STF^^HL70175||UPD\nMFE|MAD|1||M001^^99ZIS\nSTF|M001^^99ZIS||Visser&&Visser^Anna\n";
    for (first, second) in [
        ("PRA|1|POLI^^99ZIS||||||20260101||20270101", "PRA|2|POLI^^99ZIS||||||20250101||20280101"),
        ("ORG|1|POLI^^99ZIS|||||||20260101^20270101", "ORG|2|POLI^^99ZIS|||||||20250101^20280101"),
        ("AFF|1|POLI^^99ZIS||20260101^20270101", "AFF|2|POLI^^99ZIS||20250101^20280101"),
        ("PRA|1|POLI^^99ZIS||||||20260101", "AFF|2|POLI^^99ZIS||20250101^20280101"),
    ] {
        holds(&format!("{}{staff}{first}\n{second}\n", header("MFN^M02^MFN_M02")));
    }
    let referral = "RF1|A^Accepted|R|CAR|||V1|20260101\n";
    let providers = "PRD|RP|Arts&&Arts^A|||||01001^AGB|20260101|20270101\n\
                     PRD|RT|Arts&&Arts^A|||||01001^AGB|20250101|20280101\n";
    holds(&(header("REF^I12^REF_I12") + referral + providers + PATIENT));
    for (first, second) in [
        (
            "GT1|1|7^^^L^PI|Bakker&&Bakker^P|||||19480101|M||SELF|111",
            "GT1|2|7^^^L^PI|Bakker&&Bakker^P|||||19490202|F||SPO|222",
        ),
        (
            "NK1|1|Bakker^A|SPO||06|||20260101|20270101||||||M|19480101",
            "NK1|2|Bakker^A|SPO||06|||20250101|20280101||||||F|19490202",
        ),
        ("AL1|1|DA|P^penicilline^99zli|SV|R1|20260101", "AL1|2|FA|P^penicilline^99zli|MO|R2|20250101"),
        (
            "IN1|1|A^x|UZ1^^^VEKTIS^UZOVI|Zorg||||||||20260101|20270101||||SEL|19480101",
            "IN1|2|A^x|UZ1^^^VEKTIS^UZOVI|Zorg||||||||20250101|20280101||||SPO|19490202",
        ),
        ("PR1|1||X^x||20260101||5|A", "PR1|2||X^x||20260101||6|B"),
        ("DG1|1||X^x||20260101|A", "DG1|2||X^x||20250101|W"),
        ("ROL|1|AD|AT|7788^Wijkman^W|20260101|20270101", "ROL|2|AD|AT|7788^Wijkman^W|20250101|20280101"),
    ] {
        holds(&format!("{}EVN||20260101\n{PATIENT}PV1|1|I\n{first}\n{second}\n", header("ADT^A08^ADT_A01")));
        holds(&format!(
            "{}EVN||20260101\n{PATIENT}PV1|1|I\n{first}\n{second}\n{first}\n",
            header("ADT^A08^ADT_A01")
        ));
    }
}

#[test]
fn the_parent_result_of_an_order_that_a_document_tells_along_is_in_the_report() {
    let order =
        "OBR|1|P1^ZIS|F1^LAB|K^k||||||||||||||||||||||ALAT^ALAT^99zli^1^5\nTXA|1|CN|TX|2026||||||||D1^ZIS\n";
    let text = "OBX|1|TX|B^Brief^L||Tekst||||||F\n";
    holds(&(header("MDM^T02^MDM_T02") + "EVN||2026\n" + PATIENT + "PV1|1|O\n" + order + text));
    holds(&(header("MDM^T10^MDM_T02") + "EVN||2026\n" + PATIENT + "PV1|1|O\n" + order + text));
}

#[test]
fn what_two_groups_tell_of_one_account_or_visit_is_kept() {
    let visit = "PV1|1|I|||||||||||||||||V1^^^LINDE^VN\n";
    let first = "FT1|1|C1^LINDE||20261105||CG|1^x^99ZIS\n";
    let second = "DG1|1||S72^Heup^ICD-10-NL||20261105|F\nFT1|2|C2^LINDE||20261106||CG|2^y^99ZIS\nABS||CAR^Hart^99ZIS\n";
    let patient = "PID|1||1000001^^^LINDE^PI||Bakker&&Bakker^P||19481103|M||||||||||A1^^^LINDE^AN\n";
    holds(
        &(header("DFT^P03^DFT_P03")
            + "EVN||2026\n"
            + &[patient, visit, first, patient, visit, second].concat()),
    );
}

#[test]
fn how_urgent_a_dispense_was_is_kept() {
    let order = "ORC|NW|P1^EVS|F1^APO||IP\n";
    let dispense = "RXD|1|13404^PARACETAMOL^PRK|202611030900|10\n";
    for priority in ["S", "S^Stat^HL70485", "spoed"] {
        let timing = format!("TQ1|1||BID||||||{priority}\n");
        holds(&(header("RDS^O13^RDS_O13") + PATIENT + order + &timing + dispense));
        let further = format!("TQ1|2||QD||||||{priority}\n");
        holds(&(header("RDS^O13^RDS_O13") + PATIENT + order + "TQ1|1||BID||||||R\n" + &further + dispense));
    }
}

#[test]
fn what_a_group_of_resources_does_is_told_by_each_that_says_it_itself() {
    let taken = "SCH|A1^HAP|F1^PLAN|||||||||^^^20261201100000+0100^20261201103000+0100\n";
    let staff = "AIP|1|D|34567^Bos^L^^^^^^VEKTIS\nAIL|1||CHIPOLI^3^^LINDE\n";
    for action in ["U", "D", "X", ""] {
        let group = format!("RGS|1|{action}\n");
        holds(&(header("SIU^S20^SIU_S12") + taken + PATIENT + &group + staff));
    }
}

#[test]
fn what_stands_behind_a_code_that_is_joined_with_another_is_kept() {
    let allergy =
        "IAM|1|DA|J01^x^ATC||||||||||||||I^Inactief^L&Serum&99zli!||||||||||C^Code^S&t&u^a^b^W&v&w^^^Tekst\n";
    holds(&(header("ADT^A60^ADT_A60") + "EVN||2026\n" + PATIENT + allergy));
    let product = "RXO|13404^P^PRK||||||||||||||||||||||||N02BE01^x^W&c&d^e^f^G&h&i^^^Tekst\n";
    holds(&(header("OMP^O09^OMP_O09") + PATIENT + "ORC|NW|P1^EVS\n" + product));
    let stops = "ORC|DC|P1^EVS||||||||||||||R1^a^L&b&c^^^^^^Een\nRXO|13404^P^PRK\nNTE|1||x\n";
    holds(&(header("OMP^O09^OMP_O09") + PATIENT + stops));
    let kind = "SCH|1^P|2^P|||||C^ROUTINE^HL70277&x&y^^^^^^Een|D^x^L&p&q^^^^^^Twee|||^^^2026\n";
    holds(&(header("SIU^S12^SIU_S12") + kind + PATIENT));
    let component =
        "RXO|13404^P^PRK\nRXC|A|7^AMOX^L&a&b^^^^^^Een|3|g|||J01^x^W&c&d^^^^^^Twee~J02^y^V&e&f^^^^^^Drie\n";
    holds(&(header("OMP^O09^OMP_O09") + PATIENT + "ORC|NW|P1^EVS\n" + component));
}

/// The resource of a kind, and whether the message takes one of its elements away.
fn told(lines: &str, kind: &str) -> (serde_json::Value, Vec<&'static str>) {
    let bytes = lines.replace('\n', "\r").into_bytes();
    let options = ConvertOptions::demonstration();
    let conversion = convert(&bytes, &options).unwrap();
    let bundle: serde_json::Value = serde_json::from_slice(&conversion.bundle_json()).unwrap();
    let mut entries = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]);
    let resource = entries.find(|resource| resource["resourceType"] == kind).unwrap().clone();
    let of_it = conversion.deletions.iter().filter(|one| resource["id"] == one.entry.to_string());
    (resource.clone(), of_it.map(|one| one.path).collect())
}

#[test]
fn a_problem_or_allergy_that_is_told_twice_says_nothing_that_contradicts_itself() {
    let begin = header("PPR^PC1^PPR_PC1") + PATIENT;
    let problem = |action: &str, ended: &str, sure: &str, status: &str| {
        format!("PRB|{action}|2026|X^x^L|P1^EVS|||||{ended}||||{sure}|{status}\n")
    };
    let all = [
        problem("AD", "", "", "active^Active^HL70999"),
        problem("DE", "", "", ""),
        problem("UP", "20260101", "", ""),
        problem("UP", "20260101", "confirmed", "resolved"),
        problem("AD", "never", "provisional", ""),
    ];
    for (first, second) in all.iter().flat_map(|first| all.iter().map(move |second| (first, second))) {
        let message = format!("{begin}{first}{second}");
        holds(&message);
        let (condition, taken) = told(&message, "Condition");
        let status = condition["clinicalStatus"]["coding"][0]["code"].as_str();
        let is_error = condition["verificationStatus"]["coding"][0]["code"] == "entered-in-error";
        // FHIR con-5, con-4; and nothing is told and taken away.
        assert_eq!(status.is_none(), is_error, "{message}{condition}");
        let ended = condition.as_object().unwrap().keys().any(|key| key.contains("abatement"));
        assert!(!ended || status != Some("active"), "{message}{condition}");
        assert!(is_error || taken.iter().all(|path| *path != "clinicalStatus"), "{message}{taken:?}");
    }
    let all = [
        "IAM|1|DA|J01^x^ATC|||A",
        "IAM|1|DA|J01^x^ATC|||D",
        "IAM|1|DA|J01^x^ATC|||U|||||||||||E",
        "IAM|1|DA|J01^x^ATC|||U|||||||||||C",
    ];
    for (first, second) in all.iter().flat_map(|first| all.iter().map(move |second| (first, second))) {
        let message = format!("{}EVN||2026\n{PATIENT}{first}\n{second}\n", header("ADT^A60^ADT_A60"));
        holds(&message);
        let (allergy, _) = told(&message, "AllergyIntolerance");
        let is_error = allergy["verificationStatus"]["coding"][0]["code"] == "entered-in-error";
        // FHIR ait-2.
        assert!(!is_error || allergy.get("clinicalStatus").is_none(), "{message}{allergy}");
    }
}

#[test]
fn a_code_that_only_subcomponents_stand_for_makes_no_empty_concept() {
    let stray = "&&&&20261113023000+0100";
    let visit =
        format!("PV1|1|{stray}|C3^12^1||||||||{stray}|||||||{stray}|V1^^^LINDE^VN\nPV2||{stray}|{stray}\n");
    let allergy = format!("AL1|1|{stray}|P^penicilline^99zli|{stray}\n");
    holds(&(header("ADT^A04^ADT_A01") + "EVN||2026\n" + PATIENT + &visit + &allergy));
}

#[test]
fn all_that_the_number_of_a_device_says_is_kept() {
    for number in ["1&x&y^GS1", "1^GS1^2.16.840.1^ISO^more", "^GS1", "1^^1.2.3^ISO", "1^A&1.2&ISO"] {
        let device = format!("PRT|P-5^ZIS|AD||EQUIP^Apparaat^HL70912||||||||||||{number}|||||{number}\n");
        holds(&(header("ADT^A08^ADT_A01") + "EVN||2026\n" + PATIENT + "PV1|1|I\n" + &device));
    }
}

#[test]
fn two_notes_of_one_text_keep_what_each_says_of_itself() {
    let note = "NTE|1|L|goed monster|RE^opme|03992912^Analist|20261103||\n";
    let other = "NTE|1|P|goed monster|GI^anders|03992913^Arts|20261104|20261105|20261110|GM^monster^99zli\n";
    let order = "ORC|NW|O1\nOBR|1|O1||GLU^Glucose^L\n";
    holds(&(header("ORM^O01^ORM_O01") + PATIENT + note + PATIENT + other + PATIENT + note + order));
}
