//! What developers and CI run: `cargo demo`, `cargo check-all` and a few smaller commands of `cargo xtask`.
//!
//! Each module is one command or one thing several commands need. What is absent: anything the product itself does;
//! the program `anju` is run from outside, as a user would run it.

mod arguments;
mod bench;
mod check;
mod checkout;
mod demo;
mod documents;
mod error;
mod install;
mod openapi;
mod pipeline;
mod process;
mod server;
mod summary;
mod tidy;
mod web;

use std::process::ExitCode;

use arguments::Command;
use checkout::Checkout;
use error::Failure;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match arguments::parse(&words).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(if matches!(failure, Failure::Usage(_)) {
                2
            } else {
                1
            })
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let checkout = Checkout::of_this_program();
    match command {
        Command::Demo(options) => demo::run(&checkout, &options),
        Command::CheckAll => check::run(&checkout),
        Command::Tidy => tidy::run(&checkout),
        Command::Documents => documents::check(&checkout),
        Command::OpenApi => openapi::run(&checkout),
        Command::Bench(words) => bench::run(&checkout, &words),
        Command::Screenshots => server::screenshots(&checkout),
        Command::Help => {
            println!("{}", arguments::HELP);
            Ok(())
        }
    }
}
