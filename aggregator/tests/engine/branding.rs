//! Random looks of pages.

use crate::people::text;
use crate::script::Script;
use skerry_domain::branding::{
    Branding, Color, Colors, GroupFolding, Image, ImageFormat, ImagePurpose, OwnerLink, Theme,
};
use skerry_sanitiser::Form;
use std::sync::Arc;

/// A look, or none.
pub(crate) fn look(script: &mut Script<'_>) -> Arc<Branding> {
    let mut branding = Branding::default();
    if script.below(2) == 0 {
        return Arc::new(branding);
    }
    for purpose in ImagePurpose::ALL {
        if script.below(3) == 0 {
            let (format, bytes) = (script.pick(&ImageFormat::ALL), vec![script.below(255) as u8; 3]);
            branding.set_image(purpose, Image { format, bytes });
        }
    }
    if script.below(2) == 0 {
        branding.colors = Some(Colors { light: Color([script.below(255) as u8, 0, 7]), dark: Color([9; 3]) });
        branding.header = Some(text(script, Form::Markdown));
        branding.css = Some("header{color:red;}".to_owned());
    }
    let label = script.pick(&["Shop", "Shop & more"]).to_owned();
    branding.links = vec![OwnerLink { label, url: "https://shop.example/".to_owned() }];
    branding.theme = script.pick(&Theme::ALL);
    branding.groups = script.pick(&GroupFolding::ALL);
    branding.compact = script.below(2) == 0;
    branding.affected_first = script.below(2) == 0;
    Arc::new(branding)
}
