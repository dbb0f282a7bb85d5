//! Where a page, a group or a component comes from.

/// The owner of the settings of a page, a group or a component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file declares it: only the file changes its settings.
    #[default]
    File,
    /// It was made at run time, through REST or the admin side: a reload leaves it alone.
    Runtime,
}

impl Origin {
    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Runtime => "runtime",
        }
    }

    /// The origin of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::File, Self::Runtime].into_iter().find(|origin| origin.name() == name)
    }
}
