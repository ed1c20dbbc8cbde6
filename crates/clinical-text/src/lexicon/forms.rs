//! Other forms of a term: plurals, adjectives with and without their ending, British and American spelling.
//! Made when the vocabulary is built, so that looking a word up stays one walk. A form that no one writes does
//! no harm.

/// Terms whose forms are other words: kankeren.
const OTHER_WORDS: &[&str] = &["somber", "kanker", "knobbel", "huilerig", "moedeloos"];

/// Other forms of a Dutch term (in normal form).
pub(crate) fn dutch(key: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let (front, last) = key.rsplit_once(' ').map_or(("", key), |(front, last)| (front, last));
    // Of shorter words the forms are often other words: spit, spitten.
    let long = last.len() >= 6 || last.len() == 5 && last.ends_with('e');
    if long && !OTHER_WORDS.contains(&last) && !last.ends_with(|letter: char| letter.is_ascii_digit()) {
        forms.extend(dutch_plurals(last).into_iter().map(|form| join(front, &form)));
    }
    // The ending of the adjectives before the noun: chronisch, chronische.
    let words: Vec<&str> = key.split(' ').collect();
    if let [first, rest @ ..] = words.as_slice()
        && !rest.is_empty()
        && let Some(other) = other_adjective(first)
    {
        let mut form = vec![other.as_str()];
        form.extend_from_slice(rest);
        forms.push(form.join(" "));
    }
    forms
}

/// Other forms of an adjective that stands alone: benauwd, benauwde.
pub(crate) fn dutch_adjective(key: &str) -> Option<String> {
    if key.contains(' ') { None } else { other_adjective(key) }
}

fn join(front: &str, last: &str) -> String {
    if front.is_empty() { last.to_owned() } else { format!("{front} {last}") }
}

fn other_adjective(word: &str) -> Option<String> {
    const BARE: [&str; 9] = ["isch", "ig", "lijk", "loos", "baar", "aal", "ief", "eus", "air"];
    if matches!(word, "acuut" | "acute") {
        return Some(if word == "acuut" { "acute" } else { "acuut" }.to_owned());
    }
    for end in BARE {
        let stem = word.strip_suffix(end);
        let long = match end {
            "loos" => "loze",
            "baar" => "bare",
            "aal" => "ale",
            "ief" => "ieve",
            "eus" => "euze",
            "air" => "aire",
            "isch" => "ische",
            "ig" => "ige",
            _ => "lijke",
        };
        if let Some(stem) = stem {
            return Some(format!("{stem}{long}"));
        }
        if let Some(stem) = word.strip_suffix(long) {
            return Some(format!("{stem}{end}"));
        }
    }
    if word.len() >= 5 && (word.ends_with('d') || word.ends_with('t')) {
        return Some(format!("{word}e"));
    }
    None
}

fn dutch_plurals(word: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let letters: Vec<char> = word.chars().collect();
    let vowel = |letter: &char| matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    match letters.as_slice() {
        [.., 'u', 'm'] => forms.push(format!("{}a", word.trim_end_matches("um"))),
        [.., 'u', 's'] => forms.push(format!("{}i", word.trim_end_matches("us"))),
        [.., 'i', 's'] => forms.push(format!("{word}sen")),
        [.., 'e'] => forms.extend([format!("{word}n"), format!("{word}s")]),
        [.., 'a' | 'o' | 'y'] => forms.push(format!("{word}s")),
        [.., before, second, first, last] if !vowel(last) => {
            if first == second && vowel(first) {
                // breuk aside: tumoor -> tumoren, steen -> stenen, infarct below.
                let stem: String = letters.iter().take(letters.len() - 2).collect();
                let soft = match last {
                    's' => 'z',
                    'f' => 'v',
                    other => *other,
                };
                forms.push(format!("{stem}{last}en"));
                if soft != *last {
                    forms.push(format!("{stem}{soft}en"));
                }
            } else {
                forms.push(format!("{word}en"));
                if vowel(first) && !vowel(second) {
                    forms.push(format!("{word}{last}en"));
                }
            }
            if matches!(last, 'l' | 'm' | 'n' | 'r' | 'f') || before == &'e' {
                forms.push(format!("{word}s"));
            }
        }
        _ => {}
    }
    if !word.ends_with(['e', 's']) {
        forms.push(format!("{word}{}", if word.ends_with('m') { "pje" } else { "je" }));
        forms.push(format!("{word}{}", if word.ends_with('m') { "pjes" } else { "jes" }));
    }
    forms
}

/// Other forms of an English term (in normal form).
pub(crate) fn english(key: &str) -> Vec<String> {
    let mut forms = spellings(key);
    let bases: Vec<String> = std::iter::once(key.to_owned()).chain(forms.iter().cloned()).collect();
    for base in bases {
        let (front, last) = base.rsplit_once(' ').map_or(("", base.as_str()), |(front, last)| (front, last));
        if last.len() < 4 || last.ends_with(|letter: char| letter.is_ascii_digit() || letter == 's') {
            if let Some(stem) = last.strip_suffix("sis") {
                forms.push(join(front, &format!("{stem}ses")));
            } else if last.ends_with("ss") || last.ends_with("us") {
                forms.push(join(front, &format!("{last}es")));
            }
            continue;
        }
        forms.push(join(front, &plural(last)));
    }
    // Crohn's disease, Crohn disease, Crohns disease.
    if let Some((first, rest)) = key.split_once(' ')
        && first.len() > 4
        && matches!(rest, "disease" | "syndrome" | "palsy" | "lymphoma" | "thyroiditis" | "esophagus")
    {
        forms.push(match first.strip_suffix('s') {
            Some(stem) => format!("{stem} {rest}"),
            None => format!("{first}s {rest}"),
        });
    }
    forms
}

fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if word.ends_with("ch") || word.ends_with("sh") || word.ends_with('x') => format!("{word}es"),
        _ => format!("{word}s"),
    }
}

/// American and British, one pair.
const SPELLINGS: [(&str, &str); 20] = [
    ("anemia", "anaemia"),
    ("anemic", "anaemic"),
    ("edema", "oedema"),
    ("diarrhea", "diarrhoea"),
    ("esophag", "oesophag"),
    ("leukemia", "leukaemia"),
    ("hemorrh", "haemorrh"),
    ("hemat", "haemat"),
    ("hemo", "haemo"),
    ("ischemi", "ischaemi"),
    ("glycemi", "glycaemi"),
    ("lipidemia", "lipidaemia"),
    ("uremi", "uraemi"),
    ("kalemia", "kalaemia"),
    ("natremia", "natraemia"),
    ("calcemia", "calcaemia"),
    ("septicemia", "septicaemia"),
    ("tumor", "tumour"),
    ("dyspnea", "dyspnoea"),
    ("apnea", "apnoea"),
];

fn spellings(key: &str) -> Vec<String> {
    let mut american = key.to_owned();
    for (one, other) in SPELLINGS {
        american = american.replace(other, one);
    }
    let mut british = american.clone();
    for (one, other) in SPELLINGS {
        if !(one == "apnea" && british.contains("dyspnoea")) {
            british = british.replace(one, other);
        }
    }
    [american, british].into_iter().filter(|form| form != key).collect()
}
