//! All texts of the public side, one catalogue per language. Each kind of text is a trait, declared in the file of its name, so that a
//! text that a language lacks is a compile error: plurals and the order of words are inside its methods. Names, figures and times
//! arrive formatted, and escaped where a text is markup. The texts of the scripts are in `assets/script/texts*.mjs`.

/// Declares the texts of one kind as a trait, and those of the pseudo-locale. A method has no receiver here.
macro_rules! texts {
    (
        $(#[$about:meta])*
        $kind:ident {
            $($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $text:ty;)+
        }
    ) => {
        $(#[$about])*
        pub(crate) trait $kind: Sync {
            $($(#[$doc])* fn $name(&self $(, $argument: $type)*) -> $text;)+
        }

        impl $kind for crate::texts::pseudo::Pseudo {
            $(fn $name(&self $(, $argument: $type)*) -> $text {
                let text = $kind::$name(&crate::texts::english::English $(, $argument)*);
                crate::texts::pseudo::Marked::marked(text)
            })+
        }
    };
}

pub(crate) mod age;
pub(crate) mod announcement;
pub(crate) mod badge;
pub(crate) mod banner;
pub(crate) mod component;
pub(crate) mod dates;
mod english;
pub(crate) mod feed;
pub(crate) mod frame;
mod german;
pub(crate) mod head;
pub(crate) mod incident;
mod language;
pub(crate) mod maintenance;
pub(crate) mod message;
pub(crate) mod not_found;
pub(crate) mod past;
mod pseudo;
pub(crate) mod row;
pub(crate) mod sections;
pub(crate) mod sign_in;
pub(crate) mod status;
pub(crate) mod statuspage;
pub(crate) mod subscribe;
pub(crate) mod uptime;
pub(crate) mod widget;

pub use language::Language;

/// The catalogue of a language.
pub(crate) struct Texts {
    pub(crate) right_to_left: bool,
    pub(crate) age: &'static dyn age::AgeTexts,
    pub(crate) announcement: &'static dyn announcement::AnnouncementTexts,
    pub(crate) badge: &'static dyn badge::BadgeTexts,
    pub(crate) banner: &'static dyn banner::BannerTexts,
    pub(crate) component: &'static dyn component::ComponentTexts,
    pub(crate) dates: &'static dyn dates::DateTexts,
    pub(crate) feed: &'static dyn feed::FeedTexts,
    pub(crate) frame: &'static dyn frame::FrameTexts,
    pub(crate) head: &'static dyn head::HeadTexts,
    pub(crate) incident: &'static dyn incident::IncidentTexts,
    pub(crate) maintenance: &'static dyn maintenance::MaintenanceTexts,
    pub(crate) message: &'static dyn message::MessageTexts,
    pub(crate) past: &'static dyn past::PastTexts,
    pub(crate) row: &'static dyn row::RowTexts,
    pub(crate) sections: &'static dyn sections::SectionTexts,
    pub(crate) sign_in: &'static dyn sign_in::SignInTexts,
    pub(crate) status: &'static dyn status::StatusTexts,
    pub(crate) subscribe: &'static dyn subscribe::SubscribeTexts,
    pub(crate) uptime: &'static dyn uptime::UptimeTexts,
    pub(crate) widget: &'static dyn widget::WidgetTexts,
}

impl Texts {
    /// The catalogue that a type implements.
    const fn of<T>(language: &'static T, right_to_left: bool) -> Self
    where
        T: age::AgeTexts
            + announcement::AnnouncementTexts
            + badge::BadgeTexts
            + banner::BannerTexts
            + component::ComponentTexts
            + dates::DateTexts
            + feed::FeedTexts
            + frame::FrameTexts
            + head::HeadTexts
            + incident::IncidentTexts
            + maintenance::MaintenanceTexts
            + message::MessageTexts
            + past::PastTexts
            + row::RowTexts
            + sections::SectionTexts
            + sign_in::SignInTexts
            + status::StatusTexts
            + subscribe::SubscribeTexts
            + uptime::UptimeTexts
            + widget::WidgetTexts,
    {
        Self {
            right_to_left,
            age: language,
            announcement: language,
            badge: language,
            banner: language,
            component: language,
            dates: language,
            feed: language,
            frame: language,
            head: language,
            incident: language,
            maintenance: language,
            message: language,
            past: language,
            row: language,
            sections: language,
            sign_in: language,
            status: language,
            subscribe: language,
            uptime: language,
            widget: language,
        }
    }
}

/// The full stop of a sentence that ends with `text`: nothing if that ends with one, as abbreviations do.
pub(crate) fn stop(text: &str) -> &'static str {
    let visible = text.trim_end_matches("</time>").trim_end_matches('\u{2069}');
    if visible.ends_with('.') { "" } else { "." }
}

/// The title of a document: "Major outage: Card payments – Shop".
pub(crate) fn title(subject: &str, page: &str) -> String {
    format!("{subject} – {page}")
}
