//! Parsing an ADT of 1.1 KB on one core, beside `hl7-parser` in the same run: `cargo bench -p hl7v2`.
//!
//! Machines are noisy, so both take turns and the ratio of each turn counts; the median is printed.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

const ADT: &str = "MSH|^~\\&|ZIS|AMC|SLUIS|SLUIS|20260102101500+0100||ADT^A01^ADT_A01|MSG00001|P|2.5.1|||AL|NE|NLD|UNICODE UTF-8\r\
EVN|A01|20260102101500+0100|||12345^Jansen^J^^^^^^VEKTIS|20260102101000\r\
PID|1||7393670^^^ZIS^PI~999911120^^^NLMINBIZA^NNNLD||de Vries - van den Berg&de&Vries&van den&Berg^Anna^M J^^^^L~^Anneke^^^^^N||19800623|F|||Schoonstraat 38 a&Schoonstraat&38^a^AMSTERDAM^^1040AB^NLD^H~Postbus 12^^AMSTERDAM^^1000AA^NLD^M||^PRN^PH^^31^20^5551234~^PRN^CP^^31^6^55512345|^WPN^PH^^31^20^5559876|NLD|M|||||||Utrecht|Y|1|||||N\r\
PD1|||Huisartsenpraktijk De Brug^^01234567^^^VEKTIS|01012345^Bakker^P^^^dr.^^^VEKTIS\r\
NK1|1|de Vries&de&Vries^Pieter^^^^^L|SPO^Echtgenoot^HL70063|Schoonstraat 38 a&Schoonstraat&38^a^AMSTERDAM^^1040AB^NLD^H|^PRN^CP^^31^6^55554321\r\
PV1|1|I|C3^312^2^AMC^^^^^Cardiologie|R|||01004567^Smit^K^^^dr.^^^VEKTIS|||CAR|||||||01004567^Smit^K^^^dr.^^^VEKTIS|IN|V20260001^^^ZIS^VN|||||||||||||||||||||||||20260102101000+0100\r\
IN1|1|8999^Zilveren Kruis^UZOVI|8999^^^VEKTIS^UZOVI|Zilveren Kruis||||||||20250101||||de Vries^Anna|18|19800623||||||||||||||||||123456789\r\
AL1|1|DA|7980^Penicilline^SNOMED|MO|Huiduitslag|20100101\r";

fn per_second(count: u32, elapsed: Duration) -> f64 {
    f64::from(count) / elapsed.as_secs_f64()
}

fn time(count: u32, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        run();
    }
    per_second(count, start.elapsed())
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}

fn main() {
    let count = 20_000;
    let (mut ours, mut read, mut theirs, mut ratios, mut read_ratios) =
        (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..15 {
        let a = time(count, || {
            let message = hl7v2::Message::parse(black_box(ADT.as_bytes()));
            assert!(black_box(message).is_ok());
        });
        let b = time(count, || {
            let message = hl7v2::Message::parse(black_box(ADT.as_bytes()));
            let characters =
                message.map(|message| message.leaves().map(|leaf| leaf.text().len()).sum::<usize>());
            assert!(black_box(characters).is_ok());
        });
        let c = time(count / 10, || {
            let message = hl7_parser::Message::parse(black_box(ADT));
            assert!(black_box(message).is_ok());
        });
        ours.push(a);
        read.push(b);
        theirs.push(c);
        ratios.push(a / c);
        read_ratios.push(b / c);
    }
    println!("ADT of {} bytes, one core, messages a second (median of turns)", ADT.len());
    println!("  hl7v2, parse                        {:>9.0}", median(ours));
    println!("  hl7v2, parse and read every leaf    {:>9.0}", median(read));
    println!("  hl7-parser 0.3, parse               {:>9.0}", median(theirs));
    println!("  ratio parse / parse                 {:>9.1} (to reach: 10)", median(ratios));
    println!("  ratio parse and read / parse        {:>9.1}", median(read_ratios));
}
