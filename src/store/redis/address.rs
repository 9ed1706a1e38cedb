//! Where a Redis is: one server, a primary that Sentinels know, or a Cluster.
//!
//! `redis://[user[:password]@]host[:port][/db]` and `rediss://…` over TLS are one server.
//! `redis+sentinel://[user[:password]@]host[:port],…/service[/db]` asks the Sentinels for the primary of that name.
//! `redis+cluster://[user[:password]@]host[:port],…` is a Cluster, known by some of its nodes.
//! The last two take `?tls=true`, and Sentinel `&sentinel_user=…&sentinel_password=…` besides.

use std::fmt;

use percent_encoding::percent_decode_str;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

/// Where a Redis is, and who we are there.
#[derive(Clone)]
pub struct Address {
    pub(super) kind: Kind,
    pub(super) login: Login,
    /// For people: without user and password.
    shown: String,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    One { host: Host, tls: bool, db: i64 },
    Sentinel { hosts: Vec<Host>, service: String, tls: bool, db: i64, login: Login },
    Cluster { hosts: Vec<Host>, tls: bool },
}

/// A host and its port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Host(pub(super) String, pub(super) u16);

/// Who we are at a server.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.shown)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, in words that hold nothing of it: it may carry a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("has no scheme such as redis://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (Login::parse(login)?, rest),
            None => (Login::default(), rest),
        };
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let query = Query::parse(query)?;
        let port = if scheme == "redis+sentinel" { SENTINEL_PORT } else { REDIS_PORT };
        let found = hosts.split(',').map(|host| Host::parse(host, port)).collect::<Result<Vec<_>, _>>()?;
        let kind = match scheme {
            "redis" | "rediss" => one(found, scheme == "rediss", path, &query)?,
            "redis+sentinel" => sentinel(found, path, query)?,
            "redis+cluster" => cluster(found, path, &query)?,
            _ => {
                return Err(
                    "has a scheme that is not one of redis, rediss, redis+sentinel and redis+cluster".into(),
                );
            }
        };
        Ok(Self { kind, login, shown: format!("{scheme}://{rest}") })
    }

    /// The same with passwords that were given beside it.
    #[must_use]
    pub fn with_passwords(mut self, password: Option<String>, sentinel_password: Option<String>) -> Self {
        if password.is_some() {
            self.login.password = password;
        }
        if let (Kind::Sentinel { login, .. }, Some(_)) = (&mut self.kind, &sentinel_password) {
            login.password = sentinel_password;
        }
        self
    }

    /// Whether its keys are spread over several servers.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        matches!(self.kind, Kind::Cluster { .. })
    }
}

fn one(hosts: Vec<Host>, tls: bool, path: &str, query: &Query) -> Result<Kind, String> {
    query.nothing_but(&[])?;
    let [host] = <[Host; 1]>::try_from(hosts).map_err(|_| "names several servers; redis:// names one")?;
    Ok(Kind::One { host, tls, db: database(path)? })
}

fn sentinel(hosts: Vec<Host>, path: &str, query: Query) -> Result<Kind, String> {
    query.nothing_but(&["tls", "sentinel_user", "sentinel_password"])?;
    let (service, db) = path.split_once('/').unwrap_or((path, ""));
    if service.is_empty() {
        return Err("does not say what the primary is called: redis+sentinel://host/service".into());
    }
    let (tls, db, service) = (query.tls()?, database(db)?, service.to_owned());
    let login = Login { user: query.get("sentinel_user"), password: query.get("sentinel_password") };
    Ok(Kind::Sentinel { hosts, service, tls, db, login })
}

fn cluster(hosts: Vec<Host>, path: &str, query: &Query) -> Result<Kind, String> {
    query.nothing_but(&["tls"])?;
    if !path.is_empty() {
        return Err("names a database; a Cluster has only one".into());
    }
    Ok(Kind::Cluster { hosts, tls: query.tls()? })
}

fn database(path: &str) -> Result<i64, String> {
    if path.is_empty() {
        return Ok(0);
    }
    path.parse().ok().filter(|db| *db >= 0).ok_or_else(|| "has a database that is not a number".into())
}

impl Host {
    fn parse(text: &str, port: u16) -> Result<Self, String> {
        let bad = || "has a host that is not host:port".to_owned();
        // An IPv6 address stands in brackets.
        let (host, rest) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            Some((host, rest)) => (host, rest),
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        if host.is_empty() {
            return Err(bad());
        }
        let port = match rest.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| bad())?,
            None if rest.is_empty() => port,
            None => return Err(bad()),
        };
        Ok(Self(host.to_owned(), port))
    }

    /// The server at this place.
    pub(super) fn connection(
        &self,
        tls: bool,
        db: i64,
        login: &Login,
    ) -> Result<ConnectionInfo, redis::RedisError> {
        let Self(host, port) = self.clone();
        let address = if tls {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        Ok(address.into_connection_info()?.set_redis_settings(login.settings(db)))
    }
}

impl Login {
    fn parse(text: &str) -> Result<Self, String> {
        // Without a colon it is a user whose password is given elsewhere.
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |text: &str| {
            let text =
                percent_decode_str(text).decode_utf8().map_err(|_| "has a password that is not UTF-8")?;
            Ok::<_, String>(Some(text.into_owned()).filter(|text| !text.is_empty()))
        };
        Ok(Self { user: decoded(user)?, password: decoded(password)? })
    }

    pub(super) fn settings(&self, db: i64) -> RedisConnectionInfo {
        // The third protocol tells published messages from answers, so that subscriptions need no connection of another kind.
        let mut settings = RedisConnectionInfo::default().set_db(db).set_protocol(ProtocolVersion::RESP3);
        if let Some(user) = &self.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        settings
    }
}

struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Result<Self, String> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value =
                percent_decode_str(value).decode_utf8().map_err(|_| "has a value that is not UTF-8")?;
            Ok((key.to_owned(), value.into_owned()))
        });
        pairs.collect::<Result<_, String>>().map(Self)
    }

    fn get(&self, key: &str) -> Option<String> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    fn tls(&self) -> Result<bool, String> {
        match self.get("tls").as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err("has a tls that is neither true nor false".into()),
        }
    }

    fn nothing_but(&self, known: &[&str]) -> Result<(), String> {
        match self.0.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, _)) => Err(format!("has an option that does not stand there: {key}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(address: &Address) -> Vec<(String, u16)> {
        let hosts = match &address.kind {
            Kind::One { host, .. } => vec![host.clone()],
            Kind::Sentinel { hosts, .. } | Kind::Cluster { hosts, .. } => hosts.clone(),
        };
        hosts.into_iter().map(|Host(host, port)| (host, port)).collect()
    }

    #[test]
    fn every_kind_of_address_is_read() {
        let one = Address::parse("rediss://ward:p%40ss@cache.example:7000/2").unwrap();
        assert!(matches!(one.kind, Kind::One { tls: true, db: 2, .. }));
        assert_eq!((one.login.user.as_deref(), one.login.password.as_deref()), (Some("ward"), Some("p@ss")));
        assert_eq!(hosts(&Address::parse("redis://[::1]:7000").unwrap()), [("::1".to_owned(), 7000)]);
        let text = "redis+sentinel://:secret@a,b:5/main/1?tls=true&sentinel_password=other";
        let sentinel = Address::parse(text).unwrap();
        assert_eq!(hosts(&sentinel), [("a".to_owned(), 26379), ("b".to_owned(), 5)]);
        let Kind::Sentinel { service, tls: true, db: 1, login, .. } = &sentinel.kind else {
            panic!("{sentinel:?}")
        };
        assert_eq!((service.as_str(), login.password.as_deref()), ("main", Some("other")));
        let cluster = Address::parse("redis+cluster://a:1,b:2,c:3").unwrap();
        assert!(cluster.is_cluster() && hosts(&cluster).len() == 3);
        let named = Address::parse("redis://ward@localhost").unwrap();
        let named = named.with_passwords(Some("hush".to_owned()), None);
        assert_eq!(
            (named.login.user.as_deref(), named.login.password.as_deref()),
            (Some("ward"), Some("hush"))
        );
        let both = sentinel.with_passwords(Some("a".to_owned()), Some("b".to_owned()));
        assert!(matches!(&both.kind, Kind::Sentinel { login, .. } if login.password.as_deref() == Some("b")));
        assert_eq!(both.login.password.as_deref(), Some("a"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (text, word) in [
            ("localhost", "scheme"),
            ("http://:hush@localhost", "scheme"),
            ("redis://:hush@", "host"),
            ("redis://:hush@localhost:port", "host"),
            ("redis://:hush@a,b", "several"),
            ("redis://:hush@localhost/x", "database"),
            ("redis+sentinel://:hush@localhost", "primary"),
            ("redis+cluster://:hush@localhost/1", "database"),
            ("redis+cluster://:hush@localhost?tls=maybe", "tls"),
            ("redis://:hush@localhost?tls=true", "option"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.contains(word) && !error.contains("hush"), "{text}: {error}");
        }
    }

    // I15: no secret reaches a log.
    #[test]
    fn an_address_is_shown_without_its_password() {
        let address = Address::parse("redis://ward:hush@localhost:7000/1").unwrap();
        assert_eq!(address.to_string(), "redis://localhost:7000/1");
        assert!(!format!("{address:?} {:?}", address.login).contains("hush"));
    }
}
