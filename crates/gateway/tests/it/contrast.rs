//! WCAG 2.2 §1.4.3 and §1.4.11: the colours of the style sheet, in both schemes.

use std::collections::HashMap;

const STYLESHEET: &str = include_str!("../../assets/zorgsluis.css");

/// `--name: #rrggbb;` of a piece of the style sheet.
fn colours(css: &str) -> HashMap<&str, [f64; 3]> {
    css.lines()
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"))
        .map(|(name, value)| {
            let hex = u32::from_str_radix(value.trim_end_matches(';'), 16).unwrap();
            (name, [16, 8, 0].map(|shift| f64::from((hex >> shift) & 0xff) / 255.0))
        })
        .collect()
}

/// Relative luminance.
fn luminance(colour: [f64; 3]) -> f64 {
    let [r, g, b] = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_controls_stand_out_in_light_and_dark() {
    let (light, rest) = STYLESHEET.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let (dark, _) = rest.split_once("\n}").unwrap();
    for (scheme, css) in [("light", light), ("dark", dark)] {
        let colours = colours(css);
        assert_eq!(colours.len(), 18, "{scheme}");
        for (front, back, least) in [
            ("ink", "ground", 4.5),
            ("ink", "surface", 4.5),
            ("muted", "ground", 4.5),
            ("muted", "surface", 4.5),
            ("accent", "ground", 4.5),
            ("accent", "surface", 4.5),
            ("accent-ink", "accent", 4.5),
            ("band-ink", "band", 4.5),
            ("band-muted", "band", 4.5),
            ("done", "done-ground", 4.5),
            ("done", "surface", 4.5),
            ("waiting", "waiting-ground", 4.5),
            ("parked", "parked-ground", 4.5),
            ("parked", "surface", 4.5),
            ("edge", "ground", 3.0),
            ("edge", "surface", 3.0),
            ("focus", "ground", 3.0),
            ("focus", "surface", 3.0),
        ] {
            let found = contrast(colours[front], colours[back]);
            assert!(found >= least, "{scheme}: {front} on {back} is {found:.2}:1, not {least}:1");
        }
    }
}
