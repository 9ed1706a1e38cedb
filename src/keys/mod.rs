//! `vestibule keys`: makes a private key for Epic, and shows those of the settings. What an administrator does with them stands in
//! docs/keys.md.

mod generate;
mod show;

use clap::Subcommand;

use crate::service::Failure;

pub use generate::GenerateArguments;
pub use show::ShowArguments;

/// The subcommands of `vestibule keys`.
#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// Makes a private key, and says what to do with it.
    Generate(GenerateArguments),
    /// Shows each organization's keys: which one signs, and how old they are.
    Show(ShowArguments),
}

/// Runs one of them and prints what it has to say.
///
/// # Errors
/// [`Failure::Usage`] for a file or an organization that cannot be used, [`Failure::Settings`] for bad settings.
pub fn run(command: KeysCommand) -> Result<(), Failure> {
    let said = match command {
        KeysCommand::Generate(arguments) => generate::run(&arguments)?,
        KeysCommand::Show(arguments) => show::run(&arguments)?,
    };
    println!("{said}");
    Ok(())
}
