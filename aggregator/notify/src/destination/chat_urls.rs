//! Which URLs of Slack, Microsoft Teams and Discord take messages: they are reached on the services' own hosts only, so that
//! nobody sends us elsewhere by them.

use super::webhook_url::{UrlFault, read};
use url::Url;

/// A service with incoming webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChatService {
    /// Slack.
    Slack,
    /// Microsoft Teams, by a workflow.
    Teams,
    /// Discord.
    Discord,
}

/// Hosts of Slack, of which the second one is that of GovSlack.
const SLACK: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// Hosts of Discord.
const DISCORD: [&str; 4] = ["discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com"];
/// Hosts of workflows end so; Microsoft moved them from the first to the second by November 2025.
const TEAMS: [&str; 2] = [".logic.azure.com", ".environment.api.powerplatform.com"];
/// Hosts of connectors ended so, or were this one.
const TEAMS_RETIRED: [&str; 3] = [".webhook.office.com", "outlook.office.com", "outlook.office365.com"];

/// Reads the URL of an incoming webhook of `service`.
///
/// # Errors
/// Why it is refused.
pub fn chat_url(service: ChatService, text: &str) -> Result<Url, UrlFault> {
    let url = read(text)?;
    if url.scheme() != "https" {
        return Err(UrlFault::NotHttps);
    }
    if let Some(port) = url.port() {
        return Err(UrlFault::Port(port));
    }
    let host = url.host_str().unwrap_or_default();
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let is_its_own = match service {
        ChatService::Slack => SLACK.contains(&host) && is_slack(&segments) && url.query().is_none(),
        ChatService::Discord => DISCORD.contains(&host) && is_discord(&segments) && is_thread_or_none(&url),
        ChatService::Teams => {
            if TEAMS_RETIRED.iter().any(|end| host.ends_with(end)) {
                return Err(UrlFault::RetiredConnector);
            }
            TEAMS.iter().any(|end| is_below(host, end)) && is_workflow(&segments, &url)
        }
    };
    if is_its_own { Ok(url) } else { Err(UrlFault::NotOfService) }
}

/// Whether `host` has a label of its own before `end`.
fn is_below(host: &str, end: &str) -> bool {
    host.strip_suffix(end).is_some_and(|rest| !rest.is_empty())
}

/// `services/T…/B…/…`. Slack's workflows (`triggers/…`) take other JSON.
fn is_slack(segments: &[&str]) -> bool {
    matches!(segments, ["services", team, hook, token] if [team, hook, token].into_iter().all(|one| is_word(one)))
}

/// `api/webhooks/ID/TOKEN`, perhaps with the version of the interface; not its imitation of Slack or GitHub.
fn is_discord(segments: &[&str]) -> bool {
    let of_hook = |id: &str, token: &str| {
        !id.is_empty() && id.bytes().all(|one| one.is_ascii_digit()) && is_word(token)
    };
    match segments {
        ["api", "webhooks", id, token] => of_hook(id, token),
        ["api", version, "webhooks", id, token] => version.starts_with('v') && of_hook(id, token),
        _ => false,
    }
}

/// Discord posts to a thread of the channel if the URL says so.
fn is_thread_or_none(url: &Url) -> bool {
    let digits = |value: &str| !value.is_empty() && value.bytes().all(|one| one.is_ascii_digit());
    url.query().is_none() || {
        let pairs: Vec<_> = url.query_pairs().collect();
        matches!(&pairs[..], [(key, value)] if key == "thread_id" && digits(value))
    }
}

/// `…workflows/ID/triggers/NAME/paths/invoke`, signed in its query.
fn is_workflow(segments: &[&str], url: &Url) -> bool {
    let invoked = match segments {
        [.., "workflows", id, "triggers", trigger, "paths", "invoke"] => is_word(id) && is_word(trigger),
        _ => false,
    };
    invoked && url.query_pairs().any(|(key, value)| key == "sig" && !value.is_empty())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_' || one == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChatService::{Discord, Slack, Teams};

    #[test]
    fn the_urls_that_services_give_out_are_taken() {
        for (service, text) in [
            (Slack, "https://hooks.slack.com/services/T000/B000/xyzXYZ012"),
            (Slack, "https://hooks.slack-gov.com/services/T000/B000/xyzXYZ012"),
            (
                Teams,
                "https://prod-23.westeurope.logic.azure.com:443/workflows/ab12/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=x_y-z",
            ),
            (
                Teams,
                "https://default5c07.61.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/3f29/triggers/manual/paths/invoke?api-version=1&sv=1.0&sig=x",
            ),
            (
                Teams,
                "https://a.57.environment.api.powerplatform.com/powerautomate/automations/direct/cu/2/workflows/3f29/triggers/manual/paths/invoke?sig=x",
            ),
            (Discord, "https://discord.com/api/webhooks/123456/abc_DEF-1"),
            (Discord, "https://discordapp.com/api/webhooks/123456/abc"),
            (Discord, "https://ptb.discord.com/api/v10/webhooks/123456/abc?thread_id=99"),
        ] {
            chat_url(service, text).expect(text);
        }
    }

    #[test]
    fn other_hosts_and_other_paths_are_not_of_the_service() {
        for (service, text) in [
            (Slack, "https://hooks.slack.com.evil.com/services/T/B/x"),
            (Slack, "https://evilhooks.slack.com/services/T/B/x"),
            (Slack, "https://hooks.slack.com./services/T/B/x"),
            (Slack, "https://slack.com/services/T/B/x"),
            (Slack, "https://hooks.slack.com/triggers/T/1/x"),
            (Slack, "https://hooks.slack.com/services/T/B/x/"),
            (Slack, "https://hooks.slack.com/services/T/B/%2e%2e"),
            (Slack, "https://hooks.slack.com/services/T/B/x?redirect=1"),
            (Slack, "https://127.0.0.1/services/T/B/x"),
            (Slack, "https://discord.com/api/webhooks/1/x"),
            (Teams, "https://logic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=x"),
            (Teams, "https://x.logic.azure.com.evil.com/workflows/1/triggers/manual/paths/invoke?sig=x"),
            (Teams, "https://xlogic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=x"),
            (Teams, "https://x.logic.azure.com/workflows/1/triggers/manual/paths/invoke"),
            (Teams, "https://x.logic.azure.com/subscriptions/1?sig=x"),
            (Discord, "https://discord.com/api/webhooks/123/abc/slack"),
            (Discord, "https://discord.com/api/webhooks/me/abc"),
            (Discord, "https://discord.com/api/webhooks/123/abc?thread_id=9&wait=true"),
            (Discord, "https://discord.com/channels/1/2"),
            (Discord, "https://discord.com@evil.com/api/webhooks/1/x"),
        ] {
            let fault = chat_url(service, text).expect_err(text);
            assert!(matches!(fault, UrlFault::NotOfService | UrlFault::Credentials), "{text}: {fault}");
        }
        let fault = |service, text| chat_url(service, text).expect_err("refused");
        assert_eq!(fault(Slack, "http://hooks.slack.com/services/T/B/x"), UrlFault::NotHttps);
        assert_eq!(fault(Slack, "https://hooks.slack.com:8443/services/T/B/x"), UrlFault::Port(8443));
        let connector = "https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4";
        assert_eq!(fault(Teams, connector), UrlFault::RetiredConnector);
    }
}
