//! The time for a text grows with its length: four times the text takes about four times as long, and never sixteen
//! times, as it would if the time grew with the square. The time is that of this thread on its processor, which a busy
//! machine does not change; a ratio that is too large is measured again before it counts.

use crate::rules;
use rustix::time::{ClockId, clock_gettime};
use skerry_sanitiser::{Form, Replacement, Rules};

const SMALL: usize = 24 << 10;
const LARGE: usize = 4 * SMALL;
/// Half way between 4 and 16, as factors go, and more.
const TOO_MUCH: f64 = 9.0;
const TRIES: usize = 5;

/// Texts that are hard for a scan or a parser, each by what is repeated.
const REPEATED: &[&str] = &[
    "The service is slow. ",
    "10.0.0.1 ",
    "10.0.0.1",
    "1.",
    "1.1.1.",
    "0x",
    "::",
    ":",
    "a:",
    "1:",
    "a::b::",
    "fe80::1,",
    ":::1",
    "http://",
    "a://a",
    "http://10.0.0.1/",
    "://",
    "x@",
    "https://a.example/ ",
    "http://[",
    "a.internal.",
    ".internal",
    "x.internal.Aa.",
    "-",
    "_",
    "xn--",
    "xn--a.",
    "%31",
    "%",
    "%f0",
    "&#46;",
    "&",
    "\\",
    "password=",
    "password: a1",
    "AKIA",
    "bearer aaaaaaaaaaaaaaaa",
    "eyJ",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "db-7",
    "Card payments",
    "[redacted]",
    "[redacted]:",
    "10.0.0.1:",
    "\u{202e}",
    "\u{200b}",
    "é",
    "服务器db1.internal",
    "\u{fdfa}",
    "ip-1-1-1-1-",
    "> ",
    ">",
    "- ",
    "* ",
    "1. ",
    "+ a\n",
    "> a\n",
    "- a\n\n",
    "\n",
    " \n",
    "\t",
    "    ",
    "#",
    "# a\n",
    "*",
    "**a",
    "*a_ ",
    "*a **b ",
    "~~a",
    "`",
    "` ``",
    "```\n",
    "[",
    "]",
    "![",
    "[a](",
    "[a](<b",
    "[a](b \"",
    "[ (](",
    "[a]: b\n",
    "[a][b]",
    "[]:",
    "[^a]",
    "<",
    "<a",
    "<a ",
    "<!--",
    "<!A ",
    "<?",
    "<![CDATA[",
    "</",
    "<b>",
    "<div>\n",
    "<a href=\"",
    "<script>",
    "&lt;",
    "a\\\n",
    "a  \n",
    "- - ",
    "***",
    "---\n",
    "===\n",
    "a\n===\n",
    "<https://a.example>",
    "|a",
    "$",
    "10.**0**.0.1 ",
];

fn nested_lists(length: usize) -> String {
    let mut text = String::with_capacity(length);
    for depth in 0.. {
        if text.len() > length / 2 {
            break;
        }
        text.push_str(&"  ".repeat(depth));
        text.push_str("- a\n");
    }
    text.push_str(&"\n".repeat(length / 2));
    text
}

fn backticks(length: usize) -> String {
    let mut text = String::with_capacity(length);
    for run in 1.. {
        if text.len() > length {
            return text;
        }
        text.push_str(&"`".repeat(run));
        text.push('a');
    }
    text
}

fn around(open: &str, close: &str, length: usize) -> String {
    let times = length / (open.len() + close.len());
    format!("{}a{}", open.repeat(times), close.repeat(times))
}

/// A text and its name, by length.
type Made = (String, Box<dyn Fn(usize) -> String>);

fn texts() -> Vec<Made> {
    let mut texts: Vec<Made> = Vec::new();
    for piece in REPEATED {
        texts.push((format!("{piece:?}"), Box::new(|length| piece.repeat(length / piece.len()))));
    }
    for (open, close) in
        [("[", "]"), ("[", "](a)"), ("*", "*"), ("<b>", "</b>"), ("(", ")"), ("> ", "\n"), ("**a ", " a**")]
    {
        texts.push((format!("{open:?} around {close:?}"), Box::new(|length| around(open, close, length))));
    }
    texts.push(("nested lists and blank lines".into(), Box::new(nested_lists)));
    texts.push(("runs of backticks".into(), Box::new(backticks)));
    texts
}

/// Milliseconds on the processor.
fn time(rules: &Rules, text: &str, form: Form) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
    };
    let begin = now();
    drop(rules.sanitise(text, form, &Replacement::default(), &[]));
    now() - begin
}

fn check(small: usize, large: usize, form: Form) {
    let rules = rules();
    let mut wrong = Vec::new();
    for (name, text) in texts() {
        let (few, many) = (text(small), text(large));
        let (mut short, mut long) = (f64::INFINITY, f64::INFINITY);
        for attempt in 1..=TRIES {
            (short, long) = (short.min(time(rules, &few, form)), long.min(time(rules, &many, form)));
            // Below 5 ms, what does not grow counts most.
            if long < TOO_MUCH * short.max(5.0) {
                break;
            }
            if attempt == TRIES {
                wrong.push(format!("{name}: {short:.1} ms for {small} bytes, {long:.1} ms for {large}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn time_grows_with_the_length_of_markdown() {
    check(SMALL, LARGE, Form::Markdown);
}

#[test]
fn time_grows_with_the_length_of_a_plain_text() {
    check(SMALL, LARGE, Form::Plain);
}

#[test]
#[ignore = "long: a megabyte of each"]
fn a_megabyte_takes_four_times_a_quarter() {
    check(256 << 10, 1 << 20, Form::Markdown);
    check(256 << 10, 1 << 20, Form::Plain);
}
