//! What a reader sees of the HTML that ammonia writes: its text, with inline elements joined, and its attributes.

/// Elements that begin no line.
const INLINE: [&str; 5] = ["a", "em", "strong", "del", "code"];

/// The text of a piece of HTML, and the values of its attributes, decoded.
pub(crate) struct Visible {
    pub(crate) text: String,
    pub(crate) attributes: Vec<String>,
}

/// Reads well-formed HTML: attributes in double quotes, no comments.
pub(crate) fn visible(html: &str) -> Visible {
    let mut visible = Visible { text: String::with_capacity(html.len()), attributes: Vec::new() };
    let mut rest = html;
    while let Some((text, tag)) = rest.split_once('<') {
        decode(text, &mut visible.text);
        let name_length = tag.bytes().skip(1).take_while(u8::is_ascii_alphanumeric).count() + 1;
        let name = tag.get(..name_length).unwrap_or_default().trim_start_matches('/');
        if !INLINE.contains(&name.trim_end_matches('>')) {
            visible.text.push('\n');
        }
        rest = attributes(tag, &mut visible.attributes);
    }
    decode(rest, &mut visible.text);
    visible
}

/// Collects the values of a tag's attributes; what follows the tag.
fn attributes<'a>(tag: &'a str, values: &mut Vec<String>) -> &'a str {
    let mut rest = tag;
    while let Some(at) = rest.find(['>', '"']) {
        let (end, after) = rest.split_at(at);
        if let Some(after) = after.strip_prefix('>') {
            return after;
        }
        let Some((value, next)) = after[1..].split_once('"') else { return "" };
        if !end.trim_end().ends_with("rel=") {
            let mut decoded = String::with_capacity(value.len());
            decode(value, &mut decoded);
            values.push(decoded);
        }
        rest = next;
    }
    ""
}

/// The character references that the HTML serialisation writes.
const REFERENCES: [(&str, char); 6] =
    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&nbsp;", ' '), ("&#39;", '\'')];

fn decode(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let reference = REFERENCES.iter().find(|(reference, _)| rest[at..].starts_with(reference));
        let (one, length) = reference.map_or(('&', 1), |(reference, one)| (*one, reference.len()));
        out.push(one);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_elements_join_and_blocks_part() {
        let seen = visible(
            "<p>10.<em>0</em>.<a href=\"https://a.example/?a=1&amp;b=2>\" rel=\"x\">0</a>.1</p><p>a &lt;b</p>",
        );
        assert_eq!(seen.text, "\n10.0.0.1\n\na <b\n");
        assert_eq!(seen.attributes, ["https://a.example/?a=1&b=2>"]);
        assert_eq!(visible("a<br>b &amp;lt; c").text, "a\nb &lt; c");
    }
}
