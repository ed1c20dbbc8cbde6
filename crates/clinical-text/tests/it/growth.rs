//! Whatever a text repeats, the time grows with its length and not with its square.

use std::time::{Duration, Instant};

use zorgsluis_clinical_text::Recogniser;
use zorgsluis_clinical_text::deidentify::{Known, deidentify};
use zorgsluis_domain::text::Language;

/// Bytes of the shorter text.
const SHORT: usize = 4_000;
/// How often the shorter one is read while the longer one, as much longer, is read once. Time in proportion
/// is then the same; the square of it is so many times as long.
const LONGER: usize = 16;
/// Between the two. Both take about as long, so that what else the machine does meanwhile befalls both.
const BOUND: u32 = 6;
const TRIES: u32 = 6;

/// What the recogniser looks forwards or backwards over.
const READ: &[&str] = &[
    "=",
    "*",
    "_",
    "#",
    ".",
    "-",
    "+",
    "(",
    "\n",
    "\r\n",
    " ",
    "?",
    ":",
    "a",
    "1",
    "a/",
    "a & ",
    "a-",
    "a.",
    "a=",
    "* ",
    "- ",
    "1. ",
    "1-",
    "1-0-1-",
    "2dd1",
    "A ",
    "é",
    "koorts ",
    "koorts, ",
    "koorts en ",
    "koorts-",
    "geen koorts, ",
    "geen ",
    "VG: ",
    "VG\n",
    "moeder ",
    "bij koorts ",
    "2015 ",
    "metoprolol ",
    "50 mg ",
    "metoprolol 50 mg 2dd1, ",
    "iv ",
    "gedurende ",
    "hart-\n",
    "hartfalen",
    "ziekteontsteking",
    "long ",
    "diabetes mellitus ",
    "allergisch voor ",
    "koorts uitgesloten ",
];

/// What de-identification looks forwards or backwards over.
const MASKED: &[&str] = &[
    "dr ",
    "dr. ",
    "prof. dr. ",
    "de heer/mevrouw ",
    "A.B.C.D.",
    "A.-",
    "van ",
    "van der ",
    "v.d. ",
    "'t ",
    "1-1-",
    "1.",
    "1 ",
    "1/",
    "12-03-",
    "111222333",
    "[NAME] ",
    "[NAME]",
    "[",
    "huisarts ",
    "huisarts: ",
    "a@",
    "a@a",
    "a.",
    "a.a@",
    "www.",
    "http://",
    "=",
    "a=",
    "; ",
    "Jan ",
    "Jansen-",
    "Jansen<",
    "Jansen, ",
    "Jansen-de ",
    "Jansen, J.P. ",
    "straat ",
    "Laan van ",
    "weg 1 ",
    "1234 ",
    "NL91 ",
    "06-",
    "3 mei ",
    "verpleeghuis De ",
    "General Hospital ",
    "woont te ",
    "groet,\n",
    "O'",
    "ziekte van ",
    "Parkinson ",
    "met Aaa ",
    "\n",
    "a",
    "A",
    "-",
    ".",
];

fn time(work: impl Fn()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// Says which texts take more than in proportion: every time of several that they are tried.
fn grow(texts: &[&str], work: &dyn Fn(&str)) -> Vec<String> {
    // What is built on first use is built.
    work("Mevr. Jansen heeft geen koorts.");
    let grows = |text: &&&str| {
        let (short, long) = (text.repeat(SHORT / text.len()), text.repeat(SHORT * LONGER / text.len()));
        let too_long = || {
            let often = time(|| (0..LONGER).for_each(|_| work(&short)));
            time(|| work(&long)) > often.max(Duration::from_millis(2)) * BOUND
        };
        (0..TRIES).all(|_| too_long())
    };
    texts.iter().filter(grows).map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_text_is_read_in_time_in_proportion_to_its_length() {
    let recogniser = Recogniser::embedded().unwrap();
    let read = |text: &str| drop(recogniser.read(text, Some(Language::Dutch)));
    assert_eq!(grow(READ, &read), Vec::<String>::new());
}

#[test]
fn a_text_is_masked_in_time_in_proportion_to_its_length() {
    let mut known = Known::default();
    known.name("Jansen-de Vries").name("van den Berg").identifier("111222333").phone("0612345678");
    known.address("Van der Laanstraat 1-1").place("Den Haag").date("1960-01-01");
    assert_eq!(grow(MASKED, &|text| drop(deidentify(text, &known))), Vec::<String>::new());
}
