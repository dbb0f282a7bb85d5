use super::*;

#[test]
fn header_footer_and_intro_may_be_styled() {
    for (written, served) in [
        ("", ""),
        ("/* nothing */", ""),
        ("header { padding-block: 1rem }", "header{padding-block:1rem;}"),
        (
            "header .name, footer a:hover{color:#1a2b3c;font-weight:700}",
            "header .name,footer a:hover{color:#1a2b3c;font-weight:700;}",
        ),
        (".intro > p { background: rgb(1 2 3 / 50%) }", ".intro>p{background:rgb(1 2 3 / 50%);}"),
        (
            "@media (min-width:40rem) and (prefers-color-scheme: dark) { header{color:white} }",
            "@media (min-width:40rem) and (prefers-color-scheme: dark){header{color:white;}}",
        ),
        ("header{padding:1px/**/2px}", "header{padding:1px 2px;}"),
        ("header{color:rgb(1/**/2 3)}", "header{color:rgb(1 2 3);}"),
        ("@supports (gap: 1rem) {header{gap:1rem}}", "@supports (gap: 1rem){header{gap:1rem;}}"),
        ("header{font-family:\"A \\22 B\", serif}", "header{font-family:\"A \\\"B\", serif;}"),
    ] {
        assert_eq!(check(written).as_deref(), Ok(served), "{written}");
    }
}

#[test]
fn nothing_else_is_reached_laid_over_or_loaded() {
    for (line, source) in [
        (1, "main{display:none}"),
        (1, "*{color:red}"),
        (1, "body{display:none}"),
        (1, ":root{--of:#fff}"),
        (1, "header{--x:1}"),
        (1, "header ~ main{display:none}"),
        (1, "header + *{color:red}"),
        (1, "header:has(a) a{color:red}"),
        (1, "header *{color:red}"),
        (1, "header main{color:red}"),
        (1, "header, .u{color:red}"),
        (1, "header::after{color:red}"),
        (1, "header[class]{color:red}"),
        (1, "footer .s{color:red}"),
        (1, "header{position:fixed}"),
        (1, "header{box-shadow:0 0 0 99rem red}"),
        (1, "header{margin-bottom:-9rem}"),
        (1, "header{transform:scale(9)}"),
        (1, "header{content:'All systems operational'}"),
        (1, "header{background:url(https://evil.example/)}"),
        (1, "header{background:URL('x')}"),
        (1, "header{background:image-set('x' 1x)}"),
        (1, "header{color:var(--of)}"),
        (1, "header{color:red!important}"),
        (1, "header{height:100vh}"),
        (1, "header{height:0}"),
        (1, "header{max-height:1px}"),
        (1, ".intro p{opacity:.999}"),
        (1, "header{padding:900px}"),
        (1, "header{padding-top:1000%}"),
        (1, "header{padding-block:calc(4rem * 100)}"),
        (1, "header{line-height:9999}"),
        (1, ".intro p{line-height:0}"),
        (1, "header{font:1rem/900 serif}"),
        (1, "header{color:rgb(url(x))}"),
        (1, "header{color:rgb(rgb(1 2 3))}"),
        (1, "@media (((((((((((width>1px))))))))))){header{color:red}}"),
        (1, "@import 'x.css';"),
        (1, "@font-face{font-family:x;src:url(x)}"),
        (1, "@layer x{header{color:red}}"),
        (2, "header{color:red}\nmain{color:red}"),
        (3, "header{\ncolor:red;\nposition:fixed}"),
        (1, "header{color:red"),
        (1, "}"),
        (1, "header{a{color:red}}"),
        (1, "header a{color:}} main{display:none}"),
    ] {
        match check(source) {
            Err(wrong) => assert_eq!(wrong[0].line, line, "{source}: {wrong:?}"),
            // What is left open ends with the file.
            Ok(css) => assert_eq!((source, css.as_str()), ("header{color:red", "header{color:red;}")),
        }
    }
}
