//! `stand-ins --healthlake ADDR --comprehend-medical ADDR [--data DIR] --key ID=SECRET`
//!
//! Prints one JSON line with the addresses when all listen, `{"healthlake":"127.0.0.1:41233"}`, and ends when
//! standard input closes.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for tests")]

use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Map, Value};
use zorgsluis_stand_ins::gate::Running;
use zorgsluis_stand_ins::sigv4::Keys;
use zorgsluis_stand_ins::{comprehend_medical, healthlake};

#[derive(Default)]
struct Wanted {
    healthlake: Option<SocketAddr>,
    comprehend_medical: Option<SocketAddr>,
    data: Option<PathBuf>,
    keys: Vec<(String, String)>,
}

impl Wanted {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wanted = Self::default();
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("{word}: a value is missing"))?;
            let address = || value.parse().map_err(|_| format!("{word}: not an address"));
            match word.as_str() {
                "--healthlake" => wanted.healthlake = Some(address()?),
                "--comprehend-medical" => wanted.comprehend_medical = Some(address()?),
                "--data" => wanted.data = Some(PathBuf::from(&value)),
                "--key" => {
                    let (id, secret) = value.split_once('=').ok_or("--key: not ID=SECRET")?;
                    wanted.keys.push((id.to_owned(), secret.to_owned()));
                }
                _ => return Err(format!("{word}: not known")),
            }
        }
        Ok(wanted)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stand-ins: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let wanted = Wanted::parse(std::env::args().skip(1))?;
    let keys = Keys::new(wanted.keys);
    let temporary = tempfile::tempdir()?;
    let data = wanted.data.unwrap_or_else(|| temporary.path().to_path_buf());
    let mut running = Vec::new();
    let mut told = Map::new();
    if let Some(address) = wanted.healthlake {
        let (service, _) = healthlake::service(&data.join("healthlake"), keys.clone())?;
        let stand_in = Running::start(address, service).await?;
        told.insert(String::from("healthlake"), Value::from(stand_in.address.to_string()));
        running.push(stand_in);
    }
    if let Some(address) = wanted.comprehend_medical {
        let (service, _) = comprehend_medical::service(keys, comprehend_medical::Quota::default())?;
        let stand_in = Running::start(address, service).await?;
        told.insert(String::from("comprehend-medical"), Value::from(stand_in.address.to_string()));
        running.push(stand_in);
    }
    println!("{}", Value::Object(told));
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
