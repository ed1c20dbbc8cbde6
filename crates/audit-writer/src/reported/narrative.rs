//! Narratives: XHTML, and of that what FHIR allows (R4 §2.4.0.1): nothing that runs or loads.

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
            }
            Token::Attribute { prefix, local, value, .. } => {
                let local = local.as_str();
                let inside = local == "href" && value.starts_with('#');
                let language = prefix.as_str() == "xml" && local == "lang";
                let plain = prefix.is_empty() && (ATTRIBUTES.contains(&local) || inside);
                let loads = local == "style" && value.to_ascii_lowercase().contains("url");
                if !(plain || language) || loads {
                    return false;
                }
                if open.is_empty() && local == "xmlns" {
                    namespace = value.as_str() == XHTML;
                }
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
            Token::Text { text } => said |= !text.as_str().trim().is_empty(),
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

#[cfg(test)]
mod tests {
    use super::is_narrative;

    #[test]
    fn nothing_that_runs_or_loads_is_a_narrative() {
        let div = |inner: &str| format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
        for good in ["Gelezen", "<p class=\"a\"><b>x</b><br/></p>", "<a href=\"#x\">x</a>", "a &amp; b"] {
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
            "<p style=\"background:url(x)\"/>",
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
