//! Maintenance: its states, and the titles and texts of automatic ones.

use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent};
use skerry_domain::recurrence::Frequency;

texts! {
    /// Maintenance: its states, and the titles and texts of automatic ones. Times are markup where that is said.
    MaintenanceTexts {
        /// The heading of what is still to come.
        fn to_come() -> &'static str;
        /// The link to the one event of a maintenance.
        fn add_to_calendar() -> &'static str;
        /// Follows the title of the only one that runs while no component shows it.
        fn runs() -> &'static str;
        /// The same for several.
        fn several_run(number: usize) -> String;
        /// The name of a state.
        fn status(status: MaintenanceStatus) -> &'static str;
        /// The head of an entry: its state, or that times changed.
        fn entry(status: MaintenanceStatus, event: Option<WindowEvent>) -> &'static str;
        /// "Completed: Database upgrade for reports", the title of a document.
        fn document(status: MaintenanceStatus, title: &str) -> String;
        /// "Maintenance: Reports, Dashboards", the title of an automatic one.
        fn title(names: &[String]) -> String;
        /// "Planned maintenance on Sun 22 Nov, 02:00 to 04:00 UTC.", as markup.
        fn on(span: &str) -> String;
        /// After the state of one that is still to come, as markup.
        fn planned_for(span: &str) -> String;
        /// After the state of one that has begun, as markup.
        fn until(end: &str) -> String;
        /// After the state of one that is over, as markup.
        fn took_place(span: &str) -> String;
        /// After the state of one that was cancelled before it began, as markup.
        fn called_off(day: &str, span: &str) -> String;
        /// "Repeats every week."
        fn recurs(frequency: Frequency, interval: u16) -> String;
        /// "Planned maintenance since 02:00 UTC."
        fn since(begun: &str) -> String;
        /// "Planned maintenance for 1 h 38 min"
        fn lasted(length: &str) -> String;
        /// It is planned.
        fn announced(names: &[String], span: &str) -> String;
        /// It begins at another time and lasts as long as before.
        fn moved(from: &str, to: &str) -> String;
        /// Its times changed before it began.
        fn rescheduled(span: &str) -> String;
        /// Its end changed while it runs.
        fn extended(end: &str) -> String;
        /// It began.
        fn started(end: &str) -> String;
        fn verifying() -> &'static str;
        fn completed() -> &'static str;
        /// Before it began, or while it ran.
        fn cancelled(began: bool) -> &'static str;
    }
}
