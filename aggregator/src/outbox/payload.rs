//! What webhooks say: Statuspage's payloads, from what visitors see of the page. Announcements and messages about the
//! subscription, which Statuspage does not send, have members of their own.

use bytes::Bytes;
use serde_json::json;
use skerry_domain::delivery::Message;
use skerry_domain::incident::{Impact, Incident as Announced, IncidentStatus};
use skerry_domain::maintenance::{MaintenanceStatus, PlannedWindow};
use skerry_domain::notice::{Notice, NoticeSubject};
use skerry_domain::state::{ComponentKey, Page as PageRow, PageKey, State};
use skerry_domain::time::Timestamp;
use skerry_notify::webhook::payload::{
    AffectedComponent, Component, ComponentUpdate, Incident, IncidentUpdate, Meta, Page, Postmortem,
    Scheduled, Time, of_component, of_incident,
};
use skerry_publish::IncidentViews;
use skerry_publish::api_v2::page_status;
use skerry_publish::build::page_view;
use skerry_publish::messages::{Content, Links};
use skerry_publish::view::{ComponentView, IncidentText, Item, PageView, StatusChangeView, UpdateView};

/// Where the members are explained.
const DOCUMENTATION: &str = "https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/";

/// What a notice says to all webhooks.
#[derive(Debug)]
pub(super) struct Payload {
    page: Page,
    what: What,
}

#[derive(Debug)]
enum What {
    Incident(Box<Incident>),
    Component(Box<(Component, ComponentUpdate)>),
    Announcement { id: String },
    Report { month: String },
    Subscription,
}

impl Payload {
    /// What is said of a page. `None`: it is no longer published.
    pub(super) fn of(
        state: &State,
        key: PageKey,
        notice: Option<&Notice>,
        (url, now): (&str, Timestamp),
    ) -> Option<Self> {
        let view = page_view(state, key, url, now)?;
        let row = state.pages.get(&key)?;
        let on = On { state, row, view: &view };
        let what = match notice {
            None => What::Subscription,
            Some(notice) => on.what(notice)?,
        };
        let (indicator, description) = page_status(&view);
        let page = Page {
            id: view.id.clone(),
            status_indicator: indicator.to_owned(),
            status_description: description,
        };
        Some(Self { page, what })
    }

    /// The body for one subscriber.
    pub(super) fn body(
        &self,
        content: &Content,
        (message, links): (Message, &Links),
        now: Timestamp,
    ) -> serde_json::Result<Bytes> {
        let meta = Meta {
            unsubscribe: links.stop.clone().unwrap_or_default(),
            documentation: DOCUMENTATION.to_owned(),
            generated_at: time(now),
        };
        match &self.what {
            What::Incident(incident) => of_incident(&meta, &self.page, incident),
            What::Component(both) => of_component(&meta, &self.page, &both.0, &both.1),
            What::Announcement { id } => {
                let chat = content.chat(links);
                let announcement =
                    json!({ "id": id, "name": chat.title, "body": chat.text, "shortlink": chat.link.1 });
                self.other(&meta, &json!({ "announcement": announcement }))
            }
            What::Report { month } => {
                let chat = content.chat(links);
                let report = json!({ "month": month, "body": chat.text, "shortlink": chat.link.1 });
                self.other(&meta, &json!({ "report": report }))
            }
            What::Subscription if message == Message::Confirm => self.other(
                &meta,
                &json!({ "subscription": { "confirm": links.confirm, "manage": links.manage } }),
            ),
            What::Subscription if message == Message::Quarantined => self
                .other(&meta, &json!({ "subscription": { "state": "quarantined", "manage": links.manage } })),
            What::Subscription if message == Message::Test => self.other(&meta, &json!({ "test": true })),
            What::Subscription => self.other(&meta, &json!({ "subscription": { "manage": links.manage } })),
        }
    }

    fn other(&self, meta: &Meta, more: &serde_json::Value) -> serde_json::Result<Bytes> {
        let mut body = json!({ "meta": meta, "page": self.page });
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        serde_json::to_vec(&body).map(Bytes::from)
    }
}

/// A page as visitors see it.
struct On<'a> {
    state: &'a State,
    row: &'a PageRow,
    view: &'a PageView,
}

impl On<'_> {
    fn what(&self, notice: &Notice) -> Option<What> {
        let views = || IncidentViews::on(self.state, self.row);
        match notice.subject {
            NoticeSubject::Incident(key) | NoticeSubject::Postmortem(key) => {
                let incident = self.state.incidents.get(&key).filter(|one| one.is_published())?;
                Some(What::Incident(Box::new(self.incident(&views(), incident))))
            }
            NoticeSubject::Maintenance(key) | NoticeSubject::Reminder(key) => {
                let window = self.state.windows.get(&key).filter(|one| one.is_published())?;
                Some(What::Incident(Box::new(self.maintenance(&views(), window))))
            }
            NoticeSubject::Announcement(key) => {
                self.state.announcements.get(&key).map(|one| What::Announcement { id: one.id.clone() })
            }
            NoticeSubject::Status(key) => self.component_update(notice, key),
            NoticeSubject::Report(month) => {
                let (year, month) = month.year_and_month();
                Some(What::Report { month: format!("{year:04}-{month:02}") })
            }
        }
    }

    fn component_update(&self, notice: &Notice, key: ComponentKey) -> Option<What> {
        let id = &self.state.components.get(&key)?.id;
        let component = self.components(|one| one.id == *id).pop()?;
        let (first, last) = (notice.steps.first()?, notice.steps.last()?);
        let update = ComponentUpdate {
            id: notice.id.clone(),
            old_status: first.from.name().to_owned(),
            new_status: last.to.name().to_owned(),
            created_at: time(last.at),
        };
        Some(What::Component(Box::new((component, update))))
    }

    fn incident(&self, views: &IncidentViews<'_>, incident: &Announced) -> Incident {
        let view = views.incident(incident);
        let postmortem = view.postmortem.as_ref().map(|one| Postmortem {
            body: one.text.plain(),
            published_at: time(one.published_at),
            updated_at: time(one.updated_at),
            notified_subscribers: true,
        });
        let status = if postmortem.is_some() { "postmortem" } else { view.status.name() };
        Incident {
            name: view.title.one_line(),
            status: status.to_owned(),
            impact: view.impact.name().to_owned(),
            impact_override: view.impact_override.map(|one: Impact| one.name().to_owned()),
            shortlink: format!("{}/incidents/{}", self.view.url, view.id),
            created_at: time(view.created_at),
            updated_at: time(view.updated_at),
            monitoring_at: view.monitoring_at.map(time),
            resolved_at: view.resolved_at.map(time),
            backfilled: incident.backfilled,
            postmortem,
            scheduled: None,
            incident_updates: view.updates.iter().map(|one| update(one, IncidentStatus::name)).collect(),
            components: self.components(|one| view.names(&one.id)),
            id: view.id,
        }
    }

    fn maintenance(&self, views: &IncidentViews<'_>, window: &PlannedWindow) -> Incident {
        let view = views.maintenance(window);
        let scheduled = Scheduled {
            from: time(view.from),
            until: time(view.to),
            auto_transition: true,
            remind_prior: window.reminds,
            reminded_at: window.reminded_at.map(time),
        };
        Incident {
            name: view.title.one_line(),
            status: maintenance_status(view.status).to_owned(),
            impact: "maintenance".to_owned(),
            impact_override: None,
            shortlink: format!("{}/maintenance/{}", self.view.url, view.id),
            created_at: time(view.created_at),
            updated_at: time(view.updated_at),
            monitoring_at: None,
            resolved_at: view.ended_at.map(time),
            backfilled: false,
            postmortem: None,
            scheduled: Some(scheduled),
            incident_updates: view
                .updates
                .iter()
                .map(|one| update(one, |entry| maintenance_status(entry.status)))
                .collect(),
            components: self.components(|one| view.names(&one.id)),
            id: view.id,
        }
    }

    /// The components of the page that fit, in its order.
    fn components(&self, fits: impl Fn(&ComponentView) -> bool) -> Vec<Component> {
        let mut all = Vec::new();
        self.rows(&self.view.items, None, &fits, &mut all);
        all
    }

    fn rows(
        &self,
        items: &[Item],
        group: Option<&str>,
        fits: &impl Fn(&ComponentView) -> bool,
        all: &mut Vec<Component>,
    ) {
        for (item, position) in items.iter().zip(1..) {
            match item {
                Item::Group(inner) => self.rows(&inner.children, Some(&inner.id), fits, all),
                Item::Component(one) if fits(one) => all.push(Component {
                    status: one.status.name().to_owned(),
                    name: one.name.clone(),
                    created_at: time(one.created_at),
                    updated_at: time(one.updated_at),
                    position,
                    description: one.description.clone(),
                    showcase: one.showcase,
                    id: one.id.clone(),
                    page_id: self.view.id.clone(),
                    group_id: group.map(str::to_owned),
                }),
                Item::Component(_) => {}
            }
        }
    }
}

/// Statuspage knows no cancelled maintenance: it is completed.
fn maintenance_status(status: MaintenanceStatus) -> &'static str {
    match status {
        MaintenanceStatus::Cancelled => MaintenanceStatus::Completed.name(),
        other => other.name(),
    }
}

fn update<S: Copy>(one: &UpdateView<S>, name: impl Fn(S) -> &'static str) -> IncidentUpdate {
    IncidentUpdate {
        id: one.id.clone(),
        status: name(one.status).to_owned(),
        body: one.body.as_ref().map_or_else(String::new, IncidentText::plain),
        created_at: time(one.created_at),
        updated_at: time(one.edited_at.unwrap_or(one.created_at)),
        display_at: time(one.display_at),
        affected_components: one.components.iter().map(affected).collect(),
    }
}

fn affected(change: &StatusChangeView) -> AffectedComponent {
    AffectedComponent {
        code: change.id.clone(),
        name: match &change.group {
            Some(group) => format!("{group} - {}", change.name),
            None => change.name.clone(),
        },
        old_status: change.from.name().to_owned(),
        new_status: change.to.name().to_owned(),
    }
}

fn time(at: Timestamp) -> Time {
    Time(jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}
