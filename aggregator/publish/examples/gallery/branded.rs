//! A page with everything that its owner can give it.

use crate::incidents::public;
use skerry_domain::branding::{Branding, Color, Colors, Image, ImageFormat, OwnerLink};
use skerry_domain::text::Text;
use skerry_sanitiser::Form;
use std::sync::Arc;

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 180 32\"><path fill=\"FILL\" d=\"M16 2l14 28H2z\"/>\
<text x=\"40\" y=\"23\" font-family=\"Georgia,serif\" font-size=\"20\" fill=\"FILL\">Northwind</text></svg>";

pub(crate) fn look() -> Arc<Branding> {
    let logo = |fill: &str| {
        let bytes = LOGO.replace("FILL", fill).into_bytes();
        Some(Image { format: ImageFormat::Svg, bytes })
    };
    let text =
        |written: &str| Some(Text { written: written.to_owned(), public: public(written, Form::Markdown) });
    let link = |label: &str, url: &str| OwnerLink { label: label.to_owned(), url: url.to_owned() };
    Arc::new(Branding {
        logo: logo("#7a1f5c"),
        logo_dark: logo("#f0a8d8"),
        colors: Some(Colors { light: Color([0x7a, 0x1f, 0x5c]), dark: Color([0xf0, 0xa8, 0xd8]) }),
        compact: true,
        affected_first: true,
        header: text("Our shops are open from **8 to 20**. Orders placed at night are sent in the morning."),
        footer: text("Northwind Traders, 12 Harbour Street."),
        links: vec![
            link("Shop", "https://northwind.example/"),
            link("Privacy", "https://northwind.example/privacy"),
        ],
        css: Some(".intro{padding-block:.5rem;border-bottom:1px solid currentColor;}".to_owned()),
        ..Branding::default()
    })
}
