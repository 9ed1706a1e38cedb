//! The program: reads its arguments and hands over. Exit status: 0 done, 64 bad settings, 69 a needed service is not there, 70 a bug.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use vestibule::service::{self, Failure};
use vestibule::settings::{Settings, effective_toml};

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
    /// Tries every outside thing, and says pass or fail with what to do.
    Check(vestibule::check::CheckArguments),
}

#[derive(clap::Args)]
struct Files {
    /// A settings file; later ones override earlier ones.
    #[arg(long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let system = actix_rt::System::new();
    let ended = system.block_on(async {
        match arguments.command {
            Command::Demo(demo) => vestibule::demo::run(demo).await,
            Command::Serve(files) => serve(&files.config).await,
            Command::Config(files) => config(&files.config),
            Command::Check(check) => vestibule::check::run(check).await,
        }
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("vestibule: {failure}");
            ExitCode::from(failure.exit_status())
        }
    }
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
