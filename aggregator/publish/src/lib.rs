//! Renders pages: `build` makes a [`view::PageView`] from the state, and the renderers make the outputs of an
//! [`output::Site`] from it. No text of agents, or of the private side, may enter here.

mod announcements;
pub mod api_v2;
pub mod archive;
pub mod badge;
mod branding;
pub mod build;
pub mod calendar;
mod component_now;
mod corrections;
pub mod csv;
pub mod feed;
pub mod html;
mod incidents;
pub mod maintenance;
pub mod messages;
mod months;
pub mod output;
pub mod outputs;
mod overall_status;
mod placeholders;
pub mod robots;
#[cfg(test)]
mod sample;
pub mod sitemap;
mod stable_id;
mod texts;
mod times;
mod uptime;
pub mod view;
mod xml;

pub use component_now::{component_status, group_status};
pub use incidents::{IncidentViews, incident_view};
pub use months::{MonthSums, earlier};
pub use outputs::shared;
pub use placeholders::TemplateValues;
pub use texts::Language;
pub use uptime::{Uptime, component_uptime};
