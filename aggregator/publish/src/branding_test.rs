use super::*;
use crate::html;
use crate::output::{Compression, Publication};
use crate::outputs::{Figures, Scope, render};
use crate::sample::{component, group, page, public_text};
use crate::view::{Item, PageView};
use skerry_domain::branding::{Color, Colors, GroupFolding, OwnerLink};
use skerry_domain::status::Status;
use skerry_domain::text::Text;
use skerry_sanitiser::Form;
use std::sync::Arc;

fn image(format: ImageFormat, bytes: &[u8]) -> Option<Image> {
    Some(Image { format, bytes: bytes.to_vec() })
}

fn text(written: &str) -> Option<Text> {
    Some(Text { written: written.to_owned(), public: public_text(written, Form::Markdown) })
}

fn full() -> Branding {
    Branding {
        logo: image(ImageFormat::Svg, b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        logo_dark: image(ImageFormat::Png, b"png"),
        favicon: image(ImageFormat::Ico, b"ico"),
        colors: Some(Colors { light: Color([0, 0x66, 0x33]), dark: Color([0x66, 0xcc, 0x99]) }),
        header: text("Orders are *open*."),
        footer: text("Northwind Traders"),
        links: vec![OwnerLink {
            label: "Shop & more".to_owned(),
            url: "https://shop.example/?a=1&b=2".to_owned(),
        }],
        css: Some("header{color:red;}".to_owned()),
        ..Branding::default()
    }
}

fn view(look: Branding) -> PageView {
    let children = vec![component("aaa", Status::Operational), component("bbb", Status::Operational)];
    let down = component("ccc", Status::MajorOutage);
    let items = vec![Item::Group(group("g", children)), Item::Component(down)];
    PageView { branding: Arc::new(look), ..page(items) }
}

#[test]
fn a_page_has_the_logo_the_texts_the_links_and_the_colours_of_its_owner() {
    let view = view(full());
    let page = html::index(&view).expect("a page");
    for part in [
        "<source srcset=\"logo-dark.png\" media=\"(prefers-color-scheme:dark)\"><img class=logo src=\"logo.svg\" alt=\"Example\">",
        "<div class=intro><p>Orders are <em>open</em>.</p>",
        "<footer><div><p>Northwind Traders</p>",
        "<a href=\"https://shop.example/?a=1&amp;b=2\"><bdi>Shop &amp; more</bdi></a>",
        ":root{--li:#006633}@media screen and (prefers-color-scheme:dark){:root{--li:#66cc99}}",
        "<link rel=stylesheet href=\"assets/",
        "<link rel=icon type=\"image/x-icon\" href=\"assets/",
    ] {
        assert!(page.html.contains(part), "{part} in {}", page.html);
    }
    assert!(
        page.policy.contains("style-src 'sha256-") && page.policy.contains("' 'self'; script-src"),
        "{}",
        page.policy
    );
    let own = html::component(&view, "ccc").expect("a page").html;
    assert!(own.contains("src=\"../logo.svg\"") && !own.contains("Orders are"), "{own}");
    let plain = html::index(&PageView { branding: Arc::default(), ..view }).expect("a page");
    assert!(!plain.html.contains("<img") && !plain.html.contains("rel=stylesheet"), "{}", plain.html);
    assert_ne!(plain.policy, page.policy);
}

#[test]
fn the_policy_of_a_page_in_other_colours_allows_its_style_sheet() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = html::index(&view(full())).expect("a page");
    let style =
        page.html.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).expect("a style");
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(page.policy.contains(&format!("'sha256-{hash}'")), "{}", page.policy);
}

#[test]
fn one_scheme_stands_alone_and_paper_stays_light() {
    let css =
        "a{color-scheme:light dark}@media screen and (prefers-color-scheme:dark){b{c:d}}@media print{e{f:g}}";
    let of = |theme| restyled(css, &Branding { theme, ..Branding::default() });
    assert_eq!(of(Theme::Auto), css);
    assert_eq!(of(Theme::Light), "a{color-scheme:light}@media not all{b{c:d}}@media print{e{f:g}}");
    assert_eq!(of(Theme::Dark), "a{color-scheme:dark}@media screen{b{c:d}}@media print{e{f:g}}");
    for theme in [Theme::Light, Theme::Dark] {
        let page = html::index(&view(Branding { theme, ..full() })).expect("a page").html;
        assert!(!page.contains("prefers-color-scheme"), "{page}");
        let logo = if theme == Theme::Dark { "src=\"logo-dark.png\"" } else { "src=\"logo.svg\"" };
        assert!(page.contains(logo), "{page}");
    }
}

#[test]
fn the_files_of_the_owner_are_served_and_an_svg_runs_nothing() {
    let nothing = (Publication::default(), Figures::new());
    let rendered =
        render(&view(full()), &Scope::All, &nothing.0, &nothing.1, Compression::Fast).expect("a page");
    let found =
        |path: &str| rendered.outputs.iter().find(|(known, _)| known == path).map(|(_, output)| output);
    let logo = found("logo").expect("it is served");
    assert_eq!((logo.content_type, logo.cache), ("image/svg+xml", CacheClass::Live));
    assert!(logo.policy.ends_with(b"sandbox") && logo.policy.starts_with(b"default-src 'none'"));
    assert_eq!(found("logo-dark").expect("it is served").content_type, "image/png");
    for (path, alias) in [("logo.svg", "logo"), ("logo-dark.png", "logo-dark")] {
        assert!(found(path).zip(found(alias)).is_some_and(|(one, other)| Arc::ptr_eq(one, other)), "{path}");
    }
    let (icon, kind) = favicon_path(&full()).expect("there is one");
    let icon = found(&icon).expect("it is served");
    assert_eq!((icon.content_type, kind, icon.cache), (kind, "image/x-icon", CacheClass::Immutable));
    let css = found(&css_path(&full()).expect("there is one")).expect("it is served");
    assert_eq!(css.identity.bytes, "header{color:red;}");
    let plain = render(&view(Branding::default()), &Scope::All, &nothing.0, &nothing.1, Compression::Fast)
        .expect("a page");
    assert!(!plain.paths.contains("logo"), "what is not there does not exist");
}

#[test]
fn groups_open_and_rows_stand_as_the_owner_wants() {
    let shown = |look| html::index(&view(look)).expect("a page").html;
    let folded = |groups| shown(Branding { groups, ..Branding::default() });
    assert!(folded(GroupFolding::Open).contains("<details class=z open>"));
    assert!(folded(GroupFolding::ByState).contains("<details class=z open>"), "a small page is open");
    assert!(!folded(GroupFolding::Folded).contains("<details class=z open>"));
    assert!(shown(Branding { compact: true, ..Branding::default() }).contains("<body class=cp>"));
    let order = |look| {
        let page = shown(look);
        page.find("<bdi>Component ccc</bdi><i>") < page.find("<bdi>Component aaa</bdi><i>")
    };
    assert!(!order(Branding::default()));
    assert!(order(Branding { affected_first: true, ..Branding::default() }));
}
