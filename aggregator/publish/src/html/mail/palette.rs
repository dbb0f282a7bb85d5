//! The colours of mails: those of the pages' style sheets, which mails cannot name as variables.

use crate::html::Tone;
use skerry_domain::branding::{Branding, Theme};
use skerry_domain::status::Status;

/// The schemes in which a mail is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// As the program of the recipient prefers.
    Both,
    Light,
    Dark,
}

impl Scheme {
    pub(super) fn of(theme: Theme) -> Self {
        match theme {
            Theme::Auto => Self::Both,
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
        }
    }

    /// The value of `color-scheme`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Both => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The colours of one scheme.
#[derive(Clone, Debug)]
pub(super) struct Palette {
    pub(super) page: &'static str,
    pub(super) ink: &'static str,
    pub(super) muted: &'static str,
    pub(super) hairline: &'static str,
    /// The owner's, if there is one.
    pub(super) link: String,
    /// Of the state.
    pub(super) state: &'static str,
    /// Behind the state.
    pub(super) tint: &'static str,
}

impl Palette {
    pub(super) fn of(tone: Tone, dark: bool, look: &Branding) -> Self {
        let [light_colors, dark_colors] = of_tone(tone);
        let own = look.colors.map(|colors| if dark { colors.dark } else { colors.light }.to_string());
        let [state, tint] = if dark { dark_colors } else { light_colors };
        let [page, ink, muted, hairline, link] = if dark {
            ["#121517", "#e9ecee", "#a3a9af", "#2c3236", "#9db8f5"]
        } else {
            ["#ffffff", "#16191d", "#565c63", "#dfe3e6", "#2b4fae"]
        };
        Self { page, ink, muted, hairline, link: own.unwrap_or_else(|| link.to_owned()), state, tint }
    }
}

/// The style sheet: less room on a phone, and the dark scheme over what stands inline, if the program decides.
pub(super) fn styles(scheme: Scheme, dark: &Palette) -> String {
    let basis = format!(
        ":root{{color-scheme:{}}}@media(max-width:479px){{.w{{padding:16px!important}}}}",
        scheme.name()
    );
    if scheme != Scheme::Both {
        return basis;
    }
    let rule =
        |selector: &str, property: &str, color: &str| format!("{selector}{{{property}:{color}!important}}");
    let rules = [
        rule(".p,.w", "background", dark.page),
        rule(".p,.w,.i", "color", dark.ink),
        rule(".q", "color", dark.muted),
        rule(".l", "color", &dark.link),
        rule(".h", "border-color", dark.hairline),
        rule(".t", "background", dark.tint),
        rule(".s", "color", dark.state),
        rule(".b", "background", &dark.link),
        rule(".b a", "color", dark.page),
    ];
    format!("{basis}@media(prefers-color-scheme:dark){{{}}}", rules.concat())
}

/// The colours of words and of the surface behind them, in the light and in the dark scheme.
const fn of_tone(tone: Tone) -> [[&'static str; 2]; 2] {
    match tone {
        Tone::Of(Status::Operational) => [["#1b6b56", "#eef7f3"], ["#5cc6a2", "#14251f"]],
        Tone::Of(Status::DegradedPerformance) => [["#795500", "#fdf5e2"], ["#ecc94b", "#2a2412"]],
        Tone::Of(Status::PartialOutage) => [["#a33400", "#fdf0e9"], ["#ee9562", "#2d1d13"]],
        Tone::Of(Status::MajorOutage) => [["#8a0f35", "#faeff1"], ["#f5808f", "#28161a"]],
        Tone::Of(Status::UnderMaintenance) => [["#3f50cc", "#eff1fe"], ["#97b1ee", "#171f33"]],
        Tone::NoData => [["#5b6066", "#f1f2f3"], ["#a2a7ac", "#1f2326"]],
    }
}
