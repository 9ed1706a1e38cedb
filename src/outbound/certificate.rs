//! How long the certificate of a host is good, for `vestibule check`. Whether it is good at all is judged as for every other call.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore};
use vestibule_domain::time::Moment;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// Why nothing is known of how long a certificate is good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCertificate {
    #[error("cannot be reached")]
    Unreachable,
    #[error("does not speak TLS here, or not as we do")]
    NotTls,
    #[error("its certificate {0}")]
    Refused(String),
    #[error("its certificate cannot be read")]
    Unreadable,
}

/// The certificates that this machine trusts.
#[must_use]
pub fn trusted_here() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // What of them cannot be used is as if it were not there.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// When the certificate of `host` at the first of `addresses` that answers ends. Blocks for at most a few times `within`.
///
/// # Errors
/// [`NoCertificate`], where no connection is made or the certificate is not one that is trusted for this host now.
pub fn good_until(
    host: &str,
    addresses: &[SocketAddr],
    roots: RootCertStore,
    within: Duration,
) -> Result<Moment, NoCertificate> {
    let mut socket = addresses
        .iter()
        .find_map(|address| TcpStream::connect_timeout(address, within).ok())
        .ok_or(NoCertificate::Unreachable)?;
    let bounded = socket.set_read_timeout(Some(within)).and_then(|()| socket.set_write_timeout(Some(within)));
    bounded.map_err(|_| NoCertificate::Unreachable)?;
    let mut connection = client(host, roots).ok_or(NoCertificate::NotTls)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).map_err(|error| refused(&error))?;
    }
    let own = connection.peer_certificates().and_then(<[_]>::first).ok_or(NoCertificate::Unreadable)?;
    end(own).ok_or(NoCertificate::Unreadable)
}

fn client(host: &str, roots: RootCertStore) -> Option<ClientConnection> {
    // IPv6 stands in brackets in an address and nowhere else.
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).ok()?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    ClientConnection::new(Arc::new(config), name).ok()
}

fn end(der: &[u8]) -> Option<Moment> {
    let certificate = Certificate::from_der(der).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    Some(Moment(i64::try_from(end.as_millis()).ok()?))
}

fn refused(error: &io::Error) -> NoCertificate {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return NoCertificate::NotTls;
    };
    let rustls::Error::InvalidCertificate(why) = error else { return NoCertificate::NotTls };
    NoCertificate::Refused(match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet, or our clock is behind".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "is signed by nobody whom this machine trusts, or its chain is not sent whole".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another name".to_owned()
        }
        other => format!("is refused: {other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rustls::ServerConfig;
    use rustls::ServerConnection;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;

    const WITHIN: Duration = Duration::from_secs(5);

    /// A certificate of its own for a name, good from year to year.
    fn own(name: &str, from: i32, to: i32) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let certificate = params.self_signed(&key).unwrap();
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    /// One connection's server.
    fn serve(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
            // Whoever does not trust the certificate hangs up in the middle.
            let _ = connection.complete_io(&mut socket);
        });
        address
    }

    fn trusting(certificate: &CertificateDer<'static>) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        roots
    }

    #[test]
    fn e41_the_end_of_a_certificate_is_read() {
        let (certificate, key) = own("localhost", 2020, 2060);
        let roots = trusting(&certificate);
        let end = good_until("localhost", &[serve(certificate, key)], roots, WITHIN);
        assert_eq!(end, Ok(Moment(2_840_140_800_000)), "2060-01-01T00:00:00Z");
    }

    #[test]
    fn e41_what_is_wrong_with_a_certificate_is_said() {
        for (host, from, to, trusted, why) in [
            ("localhost", 2020, 2021, true, "has expired"),
            ("localhost", 2058, 2060, true, "is not valid yet"),
            ("epic.example.org", 2020, 2060, true, "is for another name"),
            ("localhost", 2020, 2060, false, "is signed by nobody"),
        ] {
            let (certificate, key) = own("localhost", from, to);
            let roots = if trusted { trusting(&certificate) } else { RootCertStore::empty() };
            match good_until(host, &[serve(certificate, key)], roots, WITHIN) {
                Err(NoCertificate::Refused(said)) => assert!(said.contains(why), "{said}"),
                other => panic!("{why}: {other:?}"),
            }
        }
    }

    #[test]
    fn e41_who_does_not_speak_tls_is_told_from_who_is_not_there() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let plain = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            io::Write::write_all(&mut socket, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        let asked = good_until("localhost", &[address], RootCertStore::empty(), WITHIN);
        assert_eq!(asked, Err(NoCertificate::NotTls));
        plain.join().unwrap();
        let gone = good_until("localhost", &[address], RootCertStore::empty(), WITHIN);
        assert_eq!(gone, Err(NoCertificate::Unreachable));
    }
}
