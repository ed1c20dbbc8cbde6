//! A MiniStack for each process of tests, and a world of its own in it for each test.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use serde_json::Value;
use tokio::sync::OnceCell;
use zorgsluis_aws::{Clients, Endpoints};

/// The account that MiniStack plays.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The region.
pub(crate) const REGION: &str = "eu-west-1";

/// A running MiniStack.
struct MiniStack {
    endpoint: String,
    _folder: tempfile::TempDir,
    _child: Guard,
}

/// Ends the process that it holds. A static is never dropped: the process also ends with its parent (see
/// `start`).
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

static RUNNING: OnceCell<MiniStack> = OnceCell::const_new();
static WORLDS: AtomicU32 = AtomicU32::new(0);

/// A corner of MiniStack that no other test uses: prefix its names with `name`.
pub(crate) struct World {
    pub(crate) clients: Clients,
    pub(crate) name: String,
    pub(crate) endpoint: String,
}

impl World {
    /// A new corner.
    pub(crate) async fn new() -> Self {
        let running = RUNNING.get_or_init(start).await;
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let endpoints = Endpoints { all: Some(running.endpoint.clone()), comprehend_medical: None };
        Self {
            clients: Clients::load(REGION, &endpoints, Some(credentials())).await,
            name: format!("t{}-{number}", std::process::id()),
            endpoint: running.endpoint.clone(),
        }
    }

    /// Makes the table of `crates/aws/tables/NAME.json`, and tells how it is called here.
    pub(crate) async fn table(&self, name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables").join(name).with_extension("json");
        let shape: Value = serde_json::from_slice(&std::fs::read(&path).expect("the table's file")).unwrap();
        let called = format!("{}-{name}", self.name);
        let mut request = self
            .clients
            .dynamodb
            .create_table()
            .table_name(&called)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(key_schema(&shape)));
        for (attribute, kind) in shape["attributes"].as_object().expect("attributes") {
            request = request.attribute_definitions(
                AttributeDefinition::builder()
                    .attribute_name(attribute)
                    .attribute_type(ScalarAttributeType::from(kind.as_str().unwrap()))
                    .build()
                    .unwrap(),
            );
        }
        for index in shape["indexes"].as_array().into_iter().flatten() {
            let projection = match index["projection"].as_str() {
                Some("keys") => ProjectionType::KeysOnly,
                _ => ProjectionType::All,
            };
            request = request.global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(index["name"].as_str().unwrap())
                    .set_key_schema(Some(key_schema(index)))
                    .projection(Projection::builder().projection_type(projection).build())
                    .build()
                    .unwrap(),
            );
        }
        request.send().await.expect("the table is made");
        called
    }
}

fn key_schema(shape: &Value) -> Vec<KeySchemaElement> {
    [("partition", KeyType::Hash), ("sort", KeyType::Range)]
        .into_iter()
        .filter_map(|(part, kind)| {
            let name = shape[part].as_str()?;
            Some(KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap())
        })
        .collect()
}

/// What MiniStack and the stand-ins take.
pub(crate) fn credentials() -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, None, "tests")
}

/// Starts MiniStack on a free port of this machine, with folders of its own.
async fn start() -> MiniStack {
    #[expect(clippy::disallowed_methods, reason = "where the Makefile says which Python")]
    let python = std::env::var("ZORGSLUIS_PYTHON")
        .expect("ZORGSLUIS_PYTHON names a Python with ministack: run `make e2e`, or `make test-aws`");
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    };
    // Ends by itself when the tests do, however they end: standard input closes then.
    // With it go its folders: nobody else would remove them.
    let script = "import os, shutil, sys, threading\n\
                  folder = os.environ['TESTS_FOLDER']\n\
                  end = lambda: (sys.stdin.buffer.read(), shutil.rmtree(folder, True), os._exit(0))\n\
                  threading.Thread(target=end, daemon=True).start()\n\
                  sys.argv = ['ministack']\n\
                  from ministack.app import main\n\
                  main()";
    let child = Command::new(python)
        .args(["-c", script])
        .env("TESTS_FOLDER", folder.path())
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("IOT_MTLS_ENABLED", "0")
        .env("MINISTACK_ACCOUNT_ID", ACCOUNT)
        .env("STATE_DIR", path("state"))
        .env("S3_DATA_DIR", path("s3"))
        .env("TMPDIR", path("tmp"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("MiniStack starts");
    let guard = Guard(child);
    let patience = Instant::now() + Duration::from_secs(60);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < patience, "MiniStack did not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    MiniStack { endpoint: format!("http://127.0.0.1:{port}"), _folder: folder, _child: guard }
}
