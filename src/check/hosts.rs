//! Names and certificates of the hosts that settings name: what everything else needs, told apart from it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use rustls::RootCertStore;
use tokio::net::lookup_host;
use tokio::time::timeout;
use url::Url;
use vestibule_domain::time::{Moment, Span};

use super::outcome::Checked;
use crate::outbound::certificate::{NoCertificate, good_until};
use crate::settings::BaseUrl;

/// A name, a connection and each step of a handshake have this long.
const WITHIN: Duration = Duration::from_secs(4);
/// A certificate that ends sooner is warned of.
const NOTICE: Span = Span::hours(30 * 24);
const DAY_MILLIS: i64 = 24 * 3_600_000;

const DNS_ADVICE: &str =
    "check the name in the settings, and what this machine asks for names (/etc/resolv.conf)";
const TLS_ADVICE: &str = "check that the certificate is renewed in time and that its chain is sent whole; what this machine trusts is in its \
                          certificate store, or the file that SSL_CERT_FILE names";

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    Pass,
    Warn,
    Fail,
}

/// What was found of some hosts.
pub(super) struct Found {
    pub dns: Checked,
    /// Nothing where no address is `https`.
    pub tls: Option<Checked>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Host {
    name: String,
    port: u16,
    tls: bool,
}

/// Looks at the hosts of these addresses. `not_reached` is how bad it is when one cannot be reached from here.
pub(super) async fn look(
    bases: &[&BaseUrl],
    roots: &RootCertStore,
    now: Moment,
    not_reached: Grade,
) -> Found {
    let (mut names, mut certificates) = (Vec::new(), Vec::new());
    for host in hosts(bases) {
        let addresses = addresses(&host).await;
        names.push(named(&host, &addresses));
        // Without an address it could only fail for the same cause.
        if host.tls && !addresses.is_empty() {
            let (roots, name) = (roots.clone(), host.name.clone());
            let asked =
                actix_rt::task::spawn_blocking(move || good_until(&name, &addresses, roots, WITHIN)).await;
            certificates.push(certified(
                &host,
                asked.unwrap_or(Err(NoCertificate::Unreachable)),
                now,
                not_reached,
            ));
        }
    }
    let tls = (!certificates.is_empty()).then(|| worst(certificates, TLS_ADVICE));
    Found { dns: worst(names, DNS_ADVICE), tls }
}

fn hosts(bases: &[&BaseUrl]) -> BTreeSet<Host> {
    let host = |base: &&BaseUrl| {
        let url = Url::parse(base.as_str()).ok()?;
        Some(Host {
            name: url.host_str()?.to_owned(),
            port: url.port_or_known_default()?,
            tls: url.scheme() == "https",
        })
    };
    bases.iter().filter_map(host).collect()
}

async fn addresses(host: &Host) -> Vec<SocketAddr> {
    let found = timeout(WITHIN, lookup_host(format!("{}:{}", host.name, host.port))).await;
    found.ok().and_then(Result::ok).map(Iterator::collect).unwrap_or_default()
}

fn named(host: &Host, addresses: &[SocketAddr]) -> (Grade, String) {
    match addresses.first() {
        Some(address) => (Grade::Pass, format!("{} is {}", host.name, address.ip())),
        None => (Grade::Fail, format!("{} is a name that nobody knows here", host.name)),
    }
}

fn certified(
    host: &Host,
    asked: Result<Moment, NoCertificate>,
    now: Moment,
    not_reached: Grade,
) -> (Grade, String) {
    let name = &host.name;
    match asked {
        Ok(until) => {
            let (left, days) = (until - now, (until - now).0.div_euclid(DAY_MILLIS));
            let grade = if left < NOTICE { Grade::Warn } else { Grade::Pass };
            (grade, format!("{name}: its certificate is good for {days} days"))
        }
        Err(error @ NoCertificate::Unreachable) => (not_reached, format!("{name}: {error}")),
        Err(error) => (Grade::Fail, format!("{name}: {error}")),
    }
}

fn worst(found: Vec<(Grade, String)>, advice: &'static str) -> Checked {
    let grade = found.iter().map(|(grade, _)| *grade).max().unwrap_or(Grade::Pass);
    let said: Vec<String> =
        found.into_iter().filter(|(one, _)| *one == grade).map(|(_, what)| what).collect();
    let what = said.join("; ");
    match grade {
        Grade::Pass => Checked::Pass(what),
        Grade::Warn => Checked::warn(what, advice),
        Grade::Fail => Checked::fail(what, advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_795_453_200_000);

    fn base(url: &str) -> BaseUrl {
        BaseUrl::parse(url).unwrap()
    }

    async fn looked(urls: &[&str]) -> Found {
        let bases: Vec<BaseUrl> = urls.iter().map(|url| base(url)).collect();
        let bases: Vec<&BaseUrl> = bases.iter().collect();
        look(&bases, &RootCertStore::empty(), NOW, Grade::Fail).await
    }

    #[actix_web::test]
    async fn e41_a_name_that_nobody_knows_is_told_apart_from_a_host_that_does_not_answer() {
        let found =
            looked(&["http://127.0.0.1:1/a", "http://127.0.0.1:1/b", "https://epic.vestibule.invalid"]).await;
        assert!(matches!(&found.dns, Checked::Fail { what, .. } if what.contains("epic.vestibule.invalid")));
        assert!(found.tls.is_none(), "nobody to ask");
        let found = looked(&["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"]).await;
        assert!(matches!(&found.dns, Checked::Pass(what) if what == "127.0.0.1 is 127.0.0.1"));
        let found = looked(&["https://127.0.0.1:1"]).await;
        assert!(matches!(&found.tls, Some(Checked::Fail { what, .. }) if what.contains("cannot be reached")));
    }

    #[test]
    fn e41_a_certificate_is_warned_of_a_month_before_it_ends() {
        let host = Host { name: "epic.example.org".into(), port: 443, tls: true };
        for (days, grade) in [(31, Grade::Pass), (30, Grade::Pass), (29, Grade::Warn), (0, Grade::Warn)] {
            let (found, what) = certified(&host, Ok(NOW + Span::hours(24 * days)), NOW, Grade::Fail);
            assert_eq!(found, grade);
            assert_eq!(what, format!("epic.example.org: its certificate is good for {days} days"));
        }
        let expired = certified(&host, Err(NoCertificate::Refused("has expired".into())), NOW, Grade::Warn);
        assert_eq!(expired, (Grade::Fail, "epic.example.org: its certificate has expired".to_owned()));
        // A public address need not lead back to us from inside.
        assert_eq!(certified(&host, Err(NoCertificate::Unreachable), NOW, Grade::Warn).0, Grade::Warn);
    }

    #[test]
    fn of_several_hosts_the_worst_is_told() {
        let found =
            vec![(Grade::Pass, "a".to_owned()), (Grade::Fail, "b".to_owned()), (Grade::Fail, "c".to_owned())];
        assert!(matches!(worst(found, "d"), Checked::Fail { what, advice: "d" } if what == "b; c"));
    }
}
