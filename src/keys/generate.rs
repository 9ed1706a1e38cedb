//! `vestibule keys generate`: one new private key in a file that only its owner reads.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::epic::{KeyBits, PublicKey, SigningKeys, fresh_private_key};
use crate::service::Failure;
use crate::settings::Secret;

/// Nobody but the owner reads a private key.
const MODE: u32 = 0o600;

/// The arguments of `vestibule keys generate`.
#[derive(Args, Debug)]
pub struct GenerateArguments {
    /// Where to write the key. A file that is there already is never overwritten.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How long to make it: 2048, 3072 or 4096.
    #[arg(long, value_name = "BITS", default_value_t = KeyBits::Bits3072)]
    bits: KeyBits,
}

/// Makes the key; gives what to print.
pub(super) fn run(arguments: &GenerateArguments) -> Result<String, Failure> {
    let no_key = || Failure::Bug("no key could be made".to_owned());
    let pem = fresh_private_key(arguments.bits).ok_or_else(no_key)?;
    // Read back as the service reads it, before anything is written.
    let keys = SigningKeys::load([&pem]).map_err(|_| no_key())?;
    let public = keys.public_keys().next().ok_or_else(no_key)?;
    write(&arguments.out, &pem).map_err(|e| Failure::Usage(refusal(&arguments.out, &e)))?;
    Ok(told(&arguments.out, &public))
}

fn write(path: &Path, pem: &Secret) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    let written = file.write_all(pem.expose().as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a key is worse than none; where even that fails, the message names the file.
        let _ = fs::remove_file(path);
    }
    written
}

fn refusal(path: &Path, error: &std::io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("--out: {path} is there already, and a key is never overwritten; name another file")
        }
        _ => format!("--out: {path} cannot be written: {error}"),
    }
}

fn told(path: &Path, public: &PublicKey) -> String {
    let (path, PublicKey { id, bits, jwk }) = (path.display(), public);
    format!(
        "\
Wrote {path}: an RSA key of {bits} bits. Only its owner may read it; the service must be able to.

kid         {id}
public key  {jwk}

What to do next; docs/keys.md says it in full:

  The first key of an organization
    1. Set epic.private_key_files = [\"{path}\"] and start the service.
    2. In Epic, give the client the JWK Set URL https://<public_url>/epic/<organization>/jwks.json

  In place of an older key
    1. Publish: put it behind the one that signs, private_key_files = [\"<old>\", \"{path}\"], and restart every node.
    2. Wait 5 minutes, then sign: put it first, [\"{path}\", \"<old>\"], and restart every node.
    3. Wait 5 minutes, then retire: take \"<old>\" out, restart every node, and destroy the file.

`vestibule keys show` says which key signs; `vestibule check` says whether Epic takes it."
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::settings::PrivateKey;

    fn arguments(out: PathBuf) -> GenerateArguments {
        GenerateArguments { out, bits: KeyBits::Bits2048 }
    }

    #[test]
    fn a_new_key_is_what_the_service_reads_and_nobody_else_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("privatekey.pem");
        let said = run(&arguments(path.clone())).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let file = PrivateKey::read(&path).unwrap();
        assert!(file.written_at.is_some());
        let public = SigningKeys::load([&file.pem]).unwrap().public_keys().next().unwrap();
        assert_eq!(public.bits, 2048);
        assert!(said.contains(&public.id) && said.contains(&public.jwk), "{said}");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }

    #[test]
    fn a_file_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("privatekey.pem");
        fs::write(&path, "precious").unwrap();
        let refused = run(&arguments(path.clone())).unwrap_err();
        assert_eq!(refused.exit_status(), 64);
        assert!(refused.to_string().contains("never overwritten"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        let nowhere = run(&arguments(folder.path().join("no/such/folder.pem"))).unwrap_err();
        assert!(nowhere.to_string().contains("cannot be written"), "{nowhere}");
    }

    #[test]
    fn a_key_is_as_long_as_it_was_asked_for() {
        for (text, bits) in
            [("2048", Some(KeyBits::Bits2048)), ("3072", Some(KeyBits::Bits3072)), ("1024", None)]
        {
            assert_eq!(text.parse::<KeyBits>().ok(), bits, "{text}");
        }
        let pem = fresh_private_key(KeyBits::Bits3072).unwrap();
        assert_eq!(SigningKeys::load([&pem]).unwrap().public_keys().next().unwrap().bits, 3072);
    }
}
