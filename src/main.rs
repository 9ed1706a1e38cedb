//! The program: reads its arguments and hands over. Exit status: 0 done, 64 bad settings or arguments, 65 an audit that was changed, 69 a needed service is not there, 70 a bug.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use vestibule::service::{self, Failure};
use vestibule::settings::{Settings, effective_toml};

/// As for bad settings.
const BAD_ARGUMENTS: u8 = 64;

#[derive(Parser)]
#[command(name = "vestibule", version, about = "Orchestrates video visits between Epic and Zoom")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything in one process: the service, a fake Epic, a fake Zoom and a day's visits.
    Demo(vestibule::demo::DemoArguments),
    /// The service.
    Serve(Files),
    /// Prints the effective settings, secrets masked.
    Config(Files),
    /// Tries every outside thing, and says pass, warn or fail with what to do.
    Check(vestibule::check::CheckArguments),
    /// Our private keys for Epic: makes one, or shows those of the settings.
    #[command(subcommand)]
    Keys(vestibule::keys::KeysCommand),
    /// Who did what: whether the chains of entries are whole, and a chain as a file.
    #[command(subcommand)]
    Audit(vestibule::audit::AuditCommand),
    /// A copy of the embedded store, from the service that runs or of the file where none does.
    Backup(vestibule::backup::BackupArguments),
    /// Puts such a copy in the store's place, or tells a store that was put back by other means that it was.
    Restore(vestibule::backup::RestoreArguments),
}

#[derive(clap::Args)]
struct Files {
    /// A settings file; later ones override earlier ones.
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(why) => return told_how_to_call(&why),
    };
    ExitCode::from(service::exit_status_of(|| {
        actix_rt::System::new().block_on(async {
            match arguments.command {
                Command::Demo(demo) => vestibule::demo::run(demo).await,
                Command::Serve(files) => serve(&files.config).await,
                Command::Config(files) => config(&files.config),
                Command::Check(check) => vestibule::check::run(check).await,
                Command::Keys(keys) => vestibule::keys::run(keys),
                Command::Audit(audit) => vestibule::audit::run(audit).await,
                Command::Backup(backup) => vestibule::backup::backup(backup).await,
                Command::Restore(restore) => vestibule::backup::restore(restore).await,
            }
        })
    }))
}

/// Help and version were asked for; anything else is a mistake of the caller's.
fn told_how_to_call(why: &clap::Error) -> ExitCode {
    // Where even that cannot be printed nobody reads it.
    let _ = why.print();
    if why.use_stderr() { ExitCode::from(BAD_ARGUMENTS) } else { ExitCode::SUCCESS }
}

async fn serve(files: &[PathBuf]) -> Result<(), Failure> {
    let settings = Settings::of_process(files)?;
    service::log::start(&settings.logging);
    let running = service::start(settings).await?;
    running.until_told().await
}

fn config(files: &[PathBuf]) -> Result<(), Failure> {
    print!("{}", effective_toml(&Settings::of_process(files)?));
    Ok(())
}
