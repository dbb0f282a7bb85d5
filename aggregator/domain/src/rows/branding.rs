//! The look of pages as rows, and back. A page that has none has no row.

use super::holds::both;
use super::restore::Restore;
use super::table::Key;
use super::value::{Field, Kind, Lines, Misread, Value};
use super::{PageBrandingRow, PageImageRow, Row, Write};
use crate::branding::{
    Branding, Color, Colors, GroupFolding, Image, ImageFormat, ImagePurpose, OwnerLink, Theme,
};
use crate::state::{PageKey, State};
use crate::text::Text;
use skerry_sanitiser::PublicText;
use std::borrow::Cow;
use std::sync::Arc;

macro_rules! names {
    ($($name:ty),+) => {$(
        impl Field for $name {
            const KIND: Kind = Kind::Text;

            fn value(&self) -> Value<'_> {
                Value::Text(Cow::Borrowed(self.name()))
            }

            fn read(value: Value<'_>) -> Result<Self, Misread> {
                let name = String::read(value)?;
                Self::from_name(&name).ok_or_else(|| Misread::new(name))
            }
        }
    )+};
}
names!(Theme, GroupFolding, ImagePurpose, ImageFormat);

impl Field for Color {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Owned(self.to_string()))
    }

    fn read(value: Value<'_>) -> Result<Self, Misread> {
        let text = String::read(value)?;
        Self::from_hex(&text).ok_or_else(|| Misread::new(text))
    }
}

/// The row of a page's look; `None`: the page has none, or the state does not have the page.
pub(super) fn branding_row(state: &State, key: PageKey) -> Option<PageBrandingRow> {
    let branding = &state.pages.get(&key)?.settings.branding;
    if **branding == Branding::default() {
        return None;
    }
    let written = |text: &Option<Text>| text.as_ref().map(|text| text.written.clone());
    let public = |text: &Option<Text>| text.as_ref().map(|text| text.public.clone());
    let links = branding.links.iter().map(|link| format!("{} {}", link.url, link.label)).collect();
    Some(PageBrandingRow {
        workspace: state.workspace.key,
        page: key,
        color: branding.colors.map(|colors| colors.light),
        color_dark: branding.colors.map(|colors| colors.dark),
        theme: branding.theme,
        groups: branding.groups,
        compact: branding.compact,
        affected_first: branding.affected_first,
        written_header: written(&branding.header),
        header: public(&branding.header),
        written_footer: written(&branding.footer),
        footer: public(&branding.footer),
        links: Lines(links),
        css: branding.css.clone(),
    })
}

/// The row of one of a page's images, if the page has it.
pub(super) fn image_row(state: &State, key: PageKey, purpose: ImagePurpose) -> Option<PageImageRow> {
    let image = state.pages.get(&key)?.settings.branding.image(purpose)?;
    let (workspace, format, bytes) = (state.workspace.key, image.format, image.bytes.clone());
    Some(PageImageRow { workspace, page: key, purpose, format, bytes })
}

/// Writes the look of a page, or deletes its rows if the page has none.
pub(super) fn write_branding(state: &State, key: PageKey, writes: &mut Vec<Write>) {
    let of = || both(state.workspace.key, &key);
    let images = ImagePurpose::ALL.into_iter().filter_map(|purpose| image_row(state, key, purpose));
    let rows = images.map(Row::from).collect();
    writes.push(match branding_row(state, key) {
        Some(row) => Write::Put(row.into()),
        None => Write::Delete(Key::of::<PageBrandingRow>(of())),
    });
    writes.push(Write::Replace { prefix: Key::of::<PageImageRow>(of()), from: None, rows });
}

fn text(written: Option<String>, public: Option<PublicText>) -> Option<Text> {
    Some(Text { written: written?, public: public? })
}

fn change(state: &mut State, key: PageKey, change: impl FnOnce(&mut Branding)) {
    if let Some(page) = state.pages.get_mut(&key) {
        change(Arc::make_mut(&mut page.settings.branding));
    }
}

impl Restore for PageBrandingRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let link = |line: &String| {
            let (url, label) = line.split_once(' ')?;
            Some(OwnerLink { url: url.to_owned(), label: label.to_owned() })
        };
        change(state, self.page, |branding| {
            branding.colors = self.color.zip(self.color_dark).map(|(light, dark)| Colors { light, dark });
            branding.theme = self.theme;
            branding.groups = self.groups;
            branding.compact = self.compact;
            branding.affected_first = self.affected_first;
            branding.header = text(self.written_header, self.header);
            branding.footer = text(self.written_footer, self.footer);
            branding.links = self.links.0.iter().filter_map(link).collect();
            branding.css = self.css;
        });
        Ok(())
    }
}

impl Restore for PageImageRow {
    fn restore(self, state: &mut State) -> Result<(), Misread> {
        let (purpose, image) = (self.purpose, Image { format: self.format, bytes: self.bytes });
        change(state, self.page, |branding| branding.set_image(purpose, image));
        Ok(())
    }
}
