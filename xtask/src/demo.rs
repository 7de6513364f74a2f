//! `cargo demo`: from a fresh checkout to the web app with everything in it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use serde_json::{Value, json};

use crate::arguments::DemoOptions;
use crate::checkout::Checkout;
use crate::error::Failure;
use crate::{install, pipeline, process, summary, web};

/// How many ports are tried, beginning with the one asked for.
const PORTS: u16 = 50;
/// File in the demo workspace with the first sign-in, for `--keep`. The people in it are made up.
const SIGN_IN_FILE: &str = "first-sign-in.json";

/// Runs the demo.
///
/// # Errors
/// When something is missing, does not build or fails.
pub(crate) fn run(checkout: &Checkout, options: &DemoOptions) -> Result<(), Failure> {
    install::node(checkout)?;
    web::build_if_stale(checkout)?;
    println!("building the program (cargo build --package anju-cli)");
    let anju = pipeline::build_program(checkout)?;
    let workspace = checkout.demo_workspace();
    if !options.keep {
        make(&anju, checkout, options.seed)?;
    } else if !workspace.join(SIGN_IN_FILE).is_file() {
        return Err(Failure::Missing(
            "there is no workspace of an earlier run: leave out --keep".into(),
        ));
    }
    let (name, password) = read_sign_in(&workspace.join(SIGN_IN_FILE))?;
    if !options.serve {
        println!("  workspace    {}", workspace.display());
        println!("  administrator  {name}    first password  {password}");
        return Ok(());
    }
    let port = free_port(options.port)?;
    println!("  网址 address        http://127.0.0.1:{port}");
    println!("  管理员 administrator  {name}    初始密码 first password  {password}");
    println!("  (Ctrl-C 结束 / ends)");
    let mut serve = process::command(&anju, ["--workspace"], checkout.root());
    serve.arg(&workspace).args(["serve", "--port", &port.to_string()]);
    become_program(serve)
}

fn make(anju: &Path, checkout: &Checkout, seed: u64) -> Result<(), Failure> {
    let (county, workspace) = (checkout.demo_county(), checkout.demo_workspace());
    for folder in [&county, &workspace] {
        if folder.exists() {
            std::fs::remove_dir_all(folder).map_err(Failure::file(folder))?;
        }
    }
    let stages = pipeline::run(anju, checkout, &county, &workspace, seed, &|name| {
        println!("anju {name}")
    })?;
    let (name, password) = pipeline::sign_in(&stages).ok_or_else(|| Failure::Output {
        line: "anju init".into(),
        reason: "it names no administrator".into(),
    })?;
    let file = workspace.join(SIGN_IN_FILE);
    let text = json!({ "administrator": name, "password": password }).to_string();
    std::fs::write(&file, text).map_err(Failure::file(&file))?;
    println!(
        "\n  安居 Anju: 示例县 example county 安澜县, seed {seed}\n\n{}",
        summary::table(&stages)
    );
    Ok(())
}

fn read_sign_in(file: &Path) -> Result<(String, String), Failure> {
    let text = std::fs::read_to_string(file).map_err(Failure::file(file))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| Failure::Output {
        line: file.display().to_string(),
        reason: error.to_string(),
    })?;
    match (value["administrator"].as_str(), value["password"].as_str()) {
        (Some(name), Some(password)) => Ok((name.to_owned(), password.to_owned())),
        _ => Err(Failure::Output {
            line: file.display().to_string(),
            reason: "no name and password in it".into(),
        }),
    }
}

/// The first port from `first` on that nobody listens on.
fn free_port(first: u16) -> Result<u16, Failure> {
    let last = first.saturating_add(PORTS - 1);
    (first..=last)
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .ok_or_else(|| {
            Failure::Missing(format!(
                "every port from {first} to {last} is taken: choose another with --port"
            ))
        })
}

/// Goes on as the other program, so that signals reach it.
#[cfg(unix)]
fn become_program(mut command: std::process::Command) -> Result<(), Failure> {
    use std::os::unix::process::CommandExt;
    let source = command.exec();
    Err(Failure::Start {
        program: process::line(&command),
        source,
    })
}

/// Runs the other program to its end.
#[cfg(not(unix))]
fn become_program(mut command: std::process::Command) -> Result<(), Failure> {
    process::run(&mut command)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::{free_port, read_sign_in};

    #[test]
    fn a_taken_port_is_passed_over() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let free = free_port(port).unwrap();
        assert!(free > port && free - port < 50);
    }

    #[test]
    fn a_damaged_sign_in_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("first-sign-in.json");
        std::fs::write(&file, r#"{"administrator":"admin"}"#).unwrap();
        assert!(
            read_sign_in(&file)
                .unwrap_err()
                .to_string()
                .contains("first-sign-in.json")
        );
        std::fs::write(&file, r#"{"administrator":"admin","password":"p"}"#).unwrap();
        assert_eq!(read_sign_in(&file).unwrap(), ("admin".into(), "p".into()));
    }
}
