//! Plain text within Markdown.

use skerry_protocol::words::one_line;

/// Characters that mean something in any place.
const MEANT: &str = "\\`*_[]<>&#~|!";
/// Those that begin a list or underline a heading at the start of a line, or after the number there.
const LEADING: &str = "-+=.)";

/// A name or another value on one line as Markdown that shows it as it stands: nothing of it is emphasis, a link, an
/// element, a heading or the mark of a list.
#[must_use]
pub fn escape_markdown(text: &str) -> String {
    let text = one_line(text);
    let text = text.trim();
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    // A number that begins a line may be the mark of a list, together with what follows it.
    if text.bytes().all(|byte| byte.is_ascii_digit())
        && let Some(first) = text.bytes().next()
    {
        return format!("&#{first};{}", &text[1..]);
    }
    let mut leads = true;
    for one in text.chars() {
        if MEANT.contains(one) || (leads && LEADING.contains(one)) {
            out.push('\\');
        }
        leads &= one.is_ascii_digit();
        out.push(one);
    }
    out
}
