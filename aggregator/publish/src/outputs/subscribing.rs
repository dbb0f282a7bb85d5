//! The forms of subscribers, and what stands in a copy in their place.

use super::{HTML, Renderer, output};
use crate::html::{self, Sent, Topic};
use crate::output::CacheClass;

impl Renderer<'_> {
    /// The forms of the page, and what follows them.
    pub(super) fn forms(&mut self) -> anyhow::Result<()> {
        self.form(None)?;
        if self.view.takes_subscribers {
            for sent in Sent::ALL {
                self.page(sent.path(), CacheClass::Live, html::sent(self.view, sent)?);
            }
        }
        Ok(())
    }

    /// The form of the page, or that of one incident or maintenance.
    pub(super) fn form(&mut self, topic: Option<&Topic>) -> anyhow::Result<()> {
        let path = topic.map_or_else(|| html::SUBSCRIBE_PATH.to_owned(), Topic::form_path);
        self.page(&path, CacheClass::Live, html::subscribe(self.view, topic, None)?);
        let copy = html::subscribe_copy(self.view, topic)?;
        let (kind, former) = ((HTML, CacheClass::Live, copy.policy.as_str()), self.former.copied.get(&path));
        let copy =
            output(self.view, &path, kind, copy.html.into_bytes(), (self.view.now, former), self.level);
        self.copied.insert(path, copy);
        Ok(())
    }
}
