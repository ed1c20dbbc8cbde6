//! Narratives: XHTML, and of that what FHIR allows (R4 §2.4.0.1): nothing that runs or loads. What a value says is
//! looked at as a reader of XHTML and CSS has it: references (`&#117;rl`) are resolved first, and what is written with
//! escapes of CSS is refused.

use std::borrow::Cow;

use xmlparser::{ElementEnd, Token, Tokenizer};

const XHTML: &str = "http://www.w3.org/1999/xhtml";

const ELEMENTS: [&str; 46] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
];
const ALSO: [&str; 4] = ["tt", "ul", "var", "wbr"];
const ATTRIBUTES: [&str; 17] = [
    "xmlns", "class", "id", "lang", "title", "dir", "name", "colspan", "rowspan", "span", "align", "valign",
    "abbr", "headers", "scope", "start", "style",
];

/// Whether the text is a `div` of XHTML with nothing in it that runs or loads: neither scripts nor images, links only
/// to places in the text itself.
pub(super) fn is_narrative(text: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut name = "";
    let mut begun = false;
    let mut namespace = false;
    let mut said = false;
    let mut named: Vec<(&str, &str)> = Vec::new();
    for token in Tokenizer::from(text) {
        let Ok(token) = token else { return false };
        match token {
            Token::ElementStart { prefix, local, .. } => {
                name = local.as_str();
                let allowed = ELEMENTS.contains(&name) || ALSO.contains(&name);
                let first = open.is_empty();
                // One div, and all in it.
                if !prefix.is_empty() || !allowed || (first && (begun || name != "div")) {
                    return false;
                }
                begun = true;
                named.clear();
            }
            Token::Attribute { prefix, local, value, .. } => {
                let name = local.as_str();
                // XML 1.0 §3.1: an attribute stands once. Otherwise readers may take one or the other.
                if named.contains(&(prefix.as_str(), name)) {
                    return false;
                }
                named.push((prefix.as_str(), name));
                let Some(value) = resolved(value.as_str()) else { return false };
                let language = prefix.as_str() == "xml" && name == "lang";
                let allowed = match name {
                    // Another namespace would make other elements of those that are allowed.
                    "xmlns" => value == XHTML,
                    "href" => value.starts_with('#'),
                    "style" => is_plain_style(&value),
                    _ => ATTRIBUTES.contains(&name),
                };
                if !(language || (prefix.is_empty() && allowed)) {
                    return false;
                }
                namespace |= open.is_empty() && name == "xmlns";
            }
            Token::ElementEnd { end, .. } => match end {
                ElementEnd::Open => open.push(name),
                ElementEnd::Empty => {}
                ElementEnd::Close(prefix, local) => {
                    if !prefix.is_empty() || open.pop() != Some(local.as_str()) {
                        return false;
                    }
                }
            },
            Token::Text { text } => {
                let Some(text) = resolved(text.as_str()) else { return false };
                said |= !text.trim().is_empty();
            }
            Token::Comment { .. } => {}
            Token::Declaration { .. }
            | Token::ProcessingInstruction { .. }
            | Token::DtdStart { .. }
            | Token::EmptyDtd { .. }
            | Token::EntityDeclaration { .. }
            | Token::DtdEnd { .. }
            | Token::Cdata { .. } => return false,
        }
    }
    // txt-2: it says something.
    said && begun
        && namespace
        && open.is_empty()
        && text.starts_with("<div")
        && text.trim_end().ends_with("</div>")
}

/// The text with its references to characters resolved. `None` when one leads to no character of XML. The entities
/// that HTML has beside those of XML stay as they are: none of them is a letter of ASCII, and [`is_plain_style`] lets
/// none through.
fn resolved(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut parts = text.split('&');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (reference, rest) = part.split_once(';')?;
        match reference {
            "lt" => plain.push('<'),
            "gt" => plain.push('>'),
            "amp" => plain.push('&'),
            "quot" => plain.push('"'),
            "apos" => plain.push('\''),
            _ => match reference.strip_prefix('#') {
                Some(number) => plain.push(character(number)?),
                None if is_name(reference) => plain.extend(["&", reference, ";"]),
                None => return None,
            },
        }
        plain.push_str(rest);
    }
    Some(Cow::Owned(plain))
}

/// The character of a reference by number: `117`, `x75`.
fn character(number: &str) -> Option<char> {
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    // XML 1.0 §2.2.
    let is_xml = matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
    is_xml.then_some(character)
}

/// What the entities of HTML 4 are called.
fn is_name(reference: &str) -> bool {
    (2..=8).contains(&reference.len())
        && reference.starts_with(|c: char| c.is_ascii_alphabetic())
        && reference.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Declarations of CSS that load nothing: what loads or runs is a function (`url(`, `image-set(`, `expression(`), so
/// that only those which give a colour are let through, and nothing by which a name can be written otherwise (escapes,
/// entities).
fn is_plain_style(style: &str) -> bool {
    let mut before = style.split('(');
    let _last = before.next_back();
    !style.contains(['\\', '&', '@', '<'])
        && before.all(|text| {
            // Behind a hyphen another name ends: `-moz-rgb`.
            let function = text.rsplit(|c: char| !(c.is_ascii_alphabetic() || c == '-')).next();
            let function = function.unwrap_or_default();
            ["rgb", "rgba", "hsl", "hsla"].iter().any(|colour| function.eq_ignore_ascii_case(colour))
        })
}

#[cfg(test)]
mod tests {
    use super::is_narrative;

    #[test]
    fn nothing_that_runs_or_loads_is_a_narrative() {
        let div = |inner: &str| format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
        for good in [
            "Gelezen",
            "<p class=\"a\"><b>x</b><br/></p>",
            "<a href=\"#x\">x</a>",
            "<a href=\"&#35;x\" title=\"a &amp; b\">x</a>",
            "a &amp; b",
            "caf&eacute;&nbsp;&#233;&#xE9;",
            "<p style=\"color: rgb(0, 0, 0); background: RGBA(0,0,0,.1)\" xml:lang=\"nl\" lang=\"nl\">x</p>",
            "<p style=\"&#99;olor: red\">x</p>",
        ] {
            assert!(is_narrative(&div(good)), "{good}");
        }
        for bad in [
            "",
            " ",
            "<script>x</script>",
            "<img src=\"x\"/>",
            "<a href=\"http://x\">x</a>",
            "<p onclick=\"x\">x</p>",
            "<p>",
            "</p>",
            "<p></b>",
            "<![CDATA[x]]>",
            "<?x y?>",
            "<p style=\"background:url(x)\">x</p>",
            "<p style=\"background:&#117;rl(x)\">x</p>",
            "<p style=\"background:u&#x72;l&#x28;x)\">x</p>",
            "<p style=\"background:\\75rl(x)\">x</p>",
            "<p style=\"background:\\000075 rl(x)\">x</p>",
            "<p style=\"background:&#92;75rl(x)\">x</p>",
            "<p style=\"background:&bsol;75rl(x)\">x</p>",
            "<p style=\"background:u/**/rl(x)\">x</p>",
            "<p style=\"background:image-set('x' 1x)\">x</p>",
            "<p style=\"width:expression(x)\">x</p>",
            "<p style=\"color:-x-rgb(x)\">x</p>",
            "<p style=\"color:rgb(url(x))\">x</p>",
            "<p style=\"color:red\" style=\"color:red\">x</p>",
            "<a href=\"&#106;avascript:x\">x</a>",
            "<a href=\"&#32;#x\">x</a>",
            "<p xmlns=\"http://www.w3.org/2000/svg\">x</p>",
            "<p xmlns=\"http://www.w3.org/2000/s&#118;g\">x</p>",
            "a & b",
            "a &#0; b",
            "a &#xD800; b",
            "a &#+65; b",
            "a &#; b",
            "a &; b",
            "&#32;",
            "<svg:p/>",
            "<object/>",
        ] {
            assert!(!is_narrative(&div(bad)), "{bad}");
        }
        let twice = format!("{}{}", div("x"), div("x"));
        for bad in ["", "x", "<div>x</div>", "<p xmlns=\"http://www.w3.org/1999/xhtml\"></p>", twice.as_str()]
        {
            assert!(!is_narrative(bad), "{bad}");
        }
    }
}
