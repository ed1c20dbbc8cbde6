//! Over real HTTP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use zorgsluis_gateway::{GatewayError, check_address, serve};

use crate::support::{PATIENT, World, adt};

/// Serves a world while `work` runs beside it.
async fn with_server<T: Send + 'static>(
    world: &World,
    work: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let gateway = world.gateway.clone();
    let server = tokio::spawn(async move {
        serve(&gateway, listener, async { drop(stopped.await) }).await.unwrap();
    });
    let result = tokio::task::spawn_blocking(move || work(address)).await.unwrap();
    stop.send(()).unwrap();
    server.await.unwrap();
    result
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_in_and_a_patient_comes_out() {
    let world = World::with_patient().await;
    let bearer = world.bearer();
    with_server(&world, move |address| {
        let agent = agent();
        let mut sent = agent
            .post(format!("http://{address}/hl7"))
            .header("authorization", &bearer)
            .header("content-type", "application/hl7-v2")
            .send(adt("M1"))
            .unwrap();
        assert_eq!(sent.status(), 202);
        assert!(sent.body_mut().read_to_string().unwrap().contains("MSA|AA|M1"));

        let url = format!("http://{address}/fhir/Patient/{PATIENT}");
        let mut read = agent.get(&url).header("authorization", &bearer).call().unwrap();
        assert_eq!((read.status().as_u16(), read.headers()["etag"].to_str().unwrap()), (200, "W/\"1\""));
        assert!(read.body_mut().read_to_string().unwrap().contains("Sluiswachter"));
        assert_eq!(agent.get(&url).call().unwrap().status(), 401);
        assert_eq!(
            agent.get(format!("http://localhost:{}/health", address.port())).call().unwrap().status(),
            200
        );

        let search = format!("http://{address}/fhir/Patient/_search");
        let mut found = agent
            .post(&search)
            .header("authorization", &bearer)
            .send_form([("name", "Sluiswachter")])
            .unwrap();
        assert_eq!(found.status(), 200);
        let base = format!("http://{address}/fhir/Patient/{PATIENT}");
        assert!(found.body_mut().read_to_string().unwrap().contains(&base));
    })
    .await;
    let entries = world.entries();
    assert!(entries.iter().all(|entry| entry.users[0].network.is_some()), "the peer is known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_grows_past_the_limit_is_cut_off() {
    let world = World::new();
    let bearer = world.bearer();
    let answer = with_server(&world, move |address| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(
            stream,
            "POST /hl7 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\
             Content-Type: application/hl7-v2\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        .unwrap();
        let chunk = [b'A'; 0x10000];
        for _ in 0..70 {
            // The server may answer and close before all is sent.
            if write!(stream, "10000\r\n").and_then(|()| stream.write_all(&chunk)).is_err() {
                break;
            }
            if stream.write_all(b"\r\n").is_err() {
                break;
            }
        }
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).map(|()| String::from_utf8_lossy(&answer).into_owned())
    })
    .await;
    // A reset of the connection can overtake the answer; what must not be is that it is taken.
    if let Ok(answer) = answer {
        assert_eq!(answer, "HTTP/1.1 413");
    }
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let world = World::new();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = serve(&world.gateway, listener, std::future::pending()).await.unwrap_err();
    assert!(matches!(error, GatewayError::NotLoopback(_)), "{error}");
    for address in ["127.0.0.1:80", "127.8.9.1:80", "[::1]:80"] {
        assert!(check_address(address.parse().unwrap()).is_ok(), "{address}");
    }
    for address in ["0.0.0.0:80", "192.168.1.1:80", "[::]:80", "[2001:db8::1]:80"] {
        assert!(check_address(address.parse().unwrap()).is_err(), "{address}");
    }
}
