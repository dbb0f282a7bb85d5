//! What Markdown becomes.

use crate::{public, sanitised};
use skerry_sanitiser::Form;

#[test]
fn markdown_becomes_html_text_and_a_line() {
    let source = "# Cause\n\nWe **fixed** it ~~soon~~.\nSee [the log](https://a.example/x \"t\") or <https://b.example/>.\n\n\
        1. one\n2. `two`\n   - three\n\n> quoted\n\n```sh\nls  -l\n```\n![a picture](https://c.example/p.png)";
    let text = public(source);
    assert_eq!(
        text.html(),
        "<h3>Cause</h3>\n<p>We <strong>fixed</strong> it <del>soon</del>.<br>\nSee \
         <a href=\"https://a.example/x\" rel=\"noopener noreferrer\">the log</a> or \
         <a href=\"https://b.example/\" rel=\"noopener noreferrer\">https://b.example/</a>.</p>\n\
         <ol>\n<li>one</li>\n<li><code>two</code>\n<ul>\n<li>three</li>\n</ul>\n</li>\n</ol>\n\
         <blockquote>\n<p>quoted</p>\n</blockquote>\n<pre><code>ls  -l\n</code></pre>\n<p>a picture</p>\n"
    );
    assert_eq!(
        text.plain(),
        "Cause\n\nWe fixed it soon.\nSee the log (https://a.example/x) or https://b.example/.\n\n\
         1. one\n2. two\n  - three\n\nquoted\n\nls  -l\n\na picture"
    );
    assert_eq!(
        text.one_line(),
        "Cause We fixed it soon. See the log or https://b.example/. one two three quoted ls -l a picture"
    );
}

#[test]
fn a_title_is_taken_as_it_stands() {
    let text = sanitised(" R&D <b>*slow*</b>\n\"now\" on 10.0.0.1(x)", Form::Plain).text.expect("clean");
    assert_eq!(text.source(), " R&D <b>*slow*</b>\n\"now\" on [redacted](x)");
    assert_eq!(text.one_line(), "R&D <b>*slow*</b> \"now\" on [redacted](x)");
    assert_eq!(text.html(), " R&amp;D &lt;b&gt;*slow*&lt;/b&gt;\n&quot;now&quot; on [redacted](x)");
}

/// Attacks on whoever renders Markdown or HTML.
const ATTACKS: &[&str] = &[
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<math><mtext></p><style><img src onerror=alert(1)>",
    "<iframe srcdoc='<script>1</script>'>",
    "<a href=javascript:1>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:1)",
    "[x](data:text/html,<script>1</script>)",
    "[x](vbscript:1)",
    "[x](//evil.example)",
    "[x](/path)",
    "[x](#y)",
    "[x](https://a.example/\"onmouseover=\"alert(1))",
    "[x](<https://a.example/\" onclick=\"1>)",
    "<javascript:alert(1)>",
    "[x](https://a.example \"t\" onclick=1)",
    "![x](javascript:1)",
    "![x\"onerror=\"1](https://a.example/x)",
    "![x](https://a.example/p.png)",
    "[a]: javascript:1\n\n[a]",
    "`<script>1</script>`",
    "```<script>\n</code></pre><script>\n```",
    "```\"><img src=x>\nx\n```",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=1&#62;",
    "<style>*{}</style>",
    "<p style=\"background:url(x)\">",
    "<form action=//x><input>",
    "<base href=//x>",
    "<meta http-equiv=refresh>",
    "<object data=x>",
    "<embed src=x>",
    "<link rel=stylesheet href=x>",
    "<template><script>1</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=1>\">",
    "<!--><script>1</script>-->",
    "<![CDATA[<script>1</script>]]>",
    "<?php <script>1</script> ?>",
    "\0<script>",
    "<scr\0ipt>",
    "# <img src=x>",
    "> <script>\n> 1",
    "- <svg>",
    "</p></li><script>1</script>",
    "[<img src=x onerror=1>](https://a.example)",
    "<xmp><p title=\"</xmp><img src=x onerror=1>\">",
    "<a name=x id=y class=z>",
    "[x](https://user:pw@a.example/)",
    "[x](ftp://a.example/)",
    "[x](file:///etc/passwd)",
    "<b onclick=1>x</b>",
    "<3 & <- a<b>c",
];

#[test]
fn no_attack_is_more_than_text() {
    for form in [Form::Markdown, Form::Plain] {
        for attack in ATTACKS {
            for source in
                [(*attack).to_owned(), format!("a {attack} b"), format!("*a\n{attack}*\n\n{attack}")]
            {
                let Ok(text) = sanitised(&source, form).text else { continue };
                assert_safe(&text.html(), &source);
            }
        }
    }
}

/// Every tag is one of those that are shown, without attributes but for where a link leads and a list begins.
pub(crate) fn assert_safe(html: &str, source: &str) {
    for tag in html.split('<').skip(1) {
        let tag = tag.split_once('>').unwrap_or_else(|| panic!("{source:?}: an open tag in {html:?}")).0;
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let known = [
            "p",
            "br",
            "strong",
            "em",
            "del",
            "code",
            "pre",
            "ul",
            "ol",
            "li",
            "blockquote",
            "a",
            "h3",
            "h4",
            "h5",
            "h6",
        ];
        assert!(known.contains(&name.trim_start_matches('/')), "{source:?}: <{tag}> in {html:?}");
        let is_link = name == "a"
            && ["http://", "https://", "mailto:"].iter().any(|scheme| {
                let link = attributes.strip_prefix("href=\"").and_then(|rest| rest.strip_prefix(scheme));
                let link = link.and_then(|rest| rest.strip_suffix("\" rel=\"noopener noreferrer\""));
                link.is_some_and(|rest| !rest.contains(['"', '<', '>', ' ']))
            });
        let is_start = name == "ol"
            && attributes
                .strip_prefix("start=\"")
                .and_then(|rest| rest.strip_suffix('"'))
                .is_some_and(|number| number.bytes().all(|one| one.is_ascii_digit()));
        assert!(attributes.is_empty() || is_link || is_start, "{source:?}: <{tag}> in {html:?}");
    }
}

#[test]
fn character_references_bring_no_unfit_characters() {
    let text = public("a&#x202e;b&#27;c&#0;d `x`");
    for output in [text.html(), text.plain(), text.one_line()] {
        assert!(output.contains("abc\u{fffd}d") && !output.contains(['\u{202e}', '\u{1b}']), "{output:?}");
    }
}

#[test]
fn a_long_text_is_whole() {
    let long = "é&<x> \u{1f680}".repeat(1_000);
    for source in [format!("a {long}"), format!("`{long}`"), format!("```\n{long}\n```")] {
        let text = public(&source);
        let decoded = text.html().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        assert!(!text.html().contains("<!--") && decoded.contains(&text.one_line()), "{source:.20}");
    }
}

#[test]
fn depth_is_limited_and_no_word_is_lost() {
    for (open, close) in [("> ", ""), ("- ", ""), ("*a **b ", "** c*"), ("[", "](https://a.example)")] {
        let source = format!("{}core{}", open.repeat(500), close.repeat(500));
        let html = public(&source).html();
        assert!(html.contains("core") && html.split("<blockquote").count() < 40, "{open:?}: {html}");
    }
}

#[test]
fn blocks_of_raw_html_that_say_something_are_named() {
    for (source, lost) in [
        ("<div>In</div>\n\nText", &["<div>In</div>"][..]),
        ("<p>\nOne\n</p>\n\n<p>Two</p>", &["<p>\nOne\n</p>", "<p>Two</p>"]),
        ("A <b>bold</b> word", &[]),
        ("<!-- a note -->\n\nText", &[]),
        ("<hr>\n\nText", &[]),
    ] {
        let named: Vec<String> = skerry_sanitiser::html_blocks(source);
        assert_eq!(named.iter().map(|block| block.trim()).collect::<Vec<_>>(), lost, "{source:?}");
    }
}
