//! `cargo xtask serve`: builds, then leaves the serving to Trunk, which rebuilds and reloads the page when a source
//! changes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::Result;
use crate::build;
use crate::process::{cannot_start, seconds};
use crate::setup;
use crate::workspace::Workspace;

pub fn serve(workspace: &Workspace, port: u16) -> Result {
    let start = Instant::now();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if TcpListener::bind(address).is_err() {
        return Err(format!(
            "Port {port} is in use. Choose another: cargo xtask serve --port {}",
            port.saturating_add(1)
        ));
    }
    let environment = setup::for_page(workspace)?;
    build::assets(workspace, &environment)?;
    let mut command = build::trunk(workspace, &environment);
    command
        .args([
            "--log",
            "warn",
            "serve",
            "--release",
            "--address",
            "127.0.0.1",
        ])
        .args(["--port", &port.to_string(), "--dist"])
        // Not dist/: what is served here carries a script that reloads the page.
        .arg(workspace.file("target/serve"));
    println!("Building the page …");
    let mut trunk = command
        .spawn()
        .map_err(|error| cannot_start(&command, &error))?;
    loop {
        if let Ok(Some(status)) = trunk.try_wait() {
            return Err(format!("Trunk ended: {status}."));
        }
        if answers(address) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!(
        "Terrarium is at http://{address} after {}. Ctrl+C ends it.",
        seconds(start.elapsed())
    );
    trunk
        .wait()
        .map_err(|error| format!("Trunk was lost: {error}."))?;
    Ok(())
}

/// Whether a page comes back.
fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(200))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(&head == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
