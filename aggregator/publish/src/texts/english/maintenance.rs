//! Maintenance: its states, and the titles and texts of automatic ones, in English.

use super::{English, TEXTS};
use crate::texts::incident::NAMED_IN_TITLE;
use crate::texts::maintenance::MaintenanceTexts;
use skerry_domain::maintenance::{MaintenanceStatus, WindowEvent};
use skerry_domain::recurrence::Frequency;
use skerry_domain::status::Status;

/// Before the planned times, or the length of one that has begun.
const PLANNED: &str = "Planned maintenance";

impl MaintenanceTexts for English {
    fn to_come(&self) -> &'static str {
        "Planned"
    }

    fn add_to_calendar(&self) -> &'static str {
        "Add to calendar"
    }

    fn runs(&self) -> &'static str {
        " is in progress."
    }

    fn several_run(&self, number: usize) -> String {
        format!("{number} planned maintenance windows are in progress")
    }

    fn status(&self, status: MaintenanceStatus) -> &'static str {
        match status {
            MaintenanceStatus::Scheduled => "Planned",
            MaintenanceStatus::InProgress => "In progress",
            MaintenanceStatus::Verifying => "Being verified",
            MaintenanceStatus::Completed => "Completed",
            MaintenanceStatus::Cancelled => "Cancelled",
        }
    }

    fn entry(&self, status: MaintenanceStatus, event: Option<WindowEvent>) -> &'static str {
        match event {
            Some(WindowEvent::Rescheduled) => "Rescheduled",
            Some(WindowEvent::Extended) => "New end",
            _ => self.status(status),
        }
    }

    fn document(&self, status: MaintenanceStatus, title: &str) -> String {
        format!("{}: {title}", self.status(status))
    }

    fn title(&self, names: &[String]) -> String {
        let label = TEXTS.status.key(Some(Status::UnderMaintenance));
        match names.len() {
            0 => label.to_owned(),
            1..=NAMED_IN_TITLE => format!("{label}: {}", names.join(", ")),
            many => format!("{label}: {}", TEXTS.status.components(many)),
        }
    }

    fn on(&self, span: &str) -> String {
        format!("<b>{PLANNED}</b> on {span}.")
    }

    fn planned_for(&self, span: &str) -> String {
        format!(" for {span}.")
    }

    fn until(&self, end: &str) -> String {
        format!(" until {end}.")
    }

    fn took_place(&self, span: &str) -> String {
        format!(", {span}.")
    }

    fn called_off(&self, day: &str, span: &str) -> String {
        format!(" on {day}. It was planned for {span}.")
    }

    fn recurs(&self, frequency: Frequency, interval: u16) -> String {
        let (one, several) = match frequency {
            Frequency::Daily => ("day", "days"),
            Frequency::Weekly => ("week", "weeks"),
            Frequency::Monthly => ("month", "months"),
            Frequency::Yearly => ("year", "years"),
        };
        match interval {
            1 => format!("Repeats every {one}."),
            number => format!("Repeats every {number} {several}."),
        }
    }

    fn since(&self, begun: &str) -> String {
        format!("{PLANNED} since {begun}.")
    }

    fn lasted(&self, length: &str) -> String {
        format!("{PLANNED} for {length}")
    }

    fn announced(&self, names: &[String], span: &str) -> String {
        format!("Maintenance of {} is planned for {span}.", TEXTS.incident.listed(names))
    }

    fn moved(&self, from: &str, to: &str) -> String {
        format!("Moved from {from} to {to}.")
    }

    fn rescheduled(&self, span: &str) -> String {
        format!("Now planned for {span}.")
    }

    fn extended(&self, end: &str) -> String {
        format!("The maintenance is now planned to end at {end}.")
    }

    fn started(&self, end: &str) -> String {
        format!("The maintenance has begun. It is planned to end at {end}.")
    }

    fn verifying(&self) -> &'static str {
        "The work is done. We are verifying the result."
    }

    fn completed(&self) -> &'static str {
        "The maintenance is over."
    }

    fn cancelled(&self, began: bool) -> &'static str {
        if began {
            "The maintenance was ended before all work was done."
        } else {
            "The maintenance does not take place."
        }
    }
}
