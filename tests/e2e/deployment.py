"""Zorgsluis as it stands on AWS, on MiniStack and the stand-ins: tables, buckets, keys, queues, functions.

Everything is made from the same files from which the infrastructure is made: `crates/aws/tables`,
`crates/aws/functions`.
"""

import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import zipfile

import boto3
from botocore.config import Config

from processes import ROOT, Process, answers, built, free_port, until

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PREFIX = "zorgsluis"
ORGANISATION = "demo-hospital"
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
FROM = "zorgsluis@linde.example"
PAGES = "https://zorgsluis.linde.example"
FUNCTIONS = ["ingest", "converter", "enricher", "notifier", "audit-writer"]
FIFO = ["inbound", "notes", "notices"]
STANDARD = ["audit", "mail-events"]


def load(folder):
    """The JSON files of a folder of crates/aws, by name."""
    files = sorted((ROOT / "crates/aws" / folder).glob("*.json"))
    return {path.stem: json.loads(path.read_text()) for path in files}


class Deployment:
    """One deployment. `keys` holds the 32-byte pseudonym keys by name."""

    def __init__(self, folder, keys, visibility=30, comprehend_medical=False):
        self.folder = pathlib.Path(folder)
        self.visibility = visibility
        self.comprehend_medical = comprehend_medical
        self.processes = []
        self.mails = self.folder / "mails"
        self.mails.mkdir(parents=True)
        self.port = free_port()
        self._start_ministack(self._start_relay())
        self._start_stand_ins()
        self._make_keys(keys)
        self._make_stores()
        self._make_queues()
        self._make_functions()
        self._make_api()

    def start(self, name, command, env=None, stdin=subprocess.DEVNULL):
        process = Process(command, self.folder / f"{name}.log", env, stdin)
        self.processes.append(process)
        return process

    def _start_relay(self):
        """Takes the mails that MiniStack's SES hands on; says where."""
        certificate, key = signing_identity(self.folder)
        relay = self.start(
            "relay",
            [sys.executable, ROOT / "crates/notifier/tests/smtp_sink.py", self.mails, certificate, key],
            stdin=subprocess.PIPE,
        )
        return relay.first_json()["plain"]

    def _start_ministack(self, smtp):
        env = {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "SMTP_HOST": f"127.0.0.1:{smtp}",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "LAMBDA_EXECUTOR": "local",
        }
        for name in ("STATE_DIR", "S3_DATA_DIR", "TMPDIR"):
            (self.folder / name).mkdir()
            env[name] = str(self.folder / name)
        self.ministack = self.start("ministack", [sys.executable, ROOT / "tests/e2e/emulator.py"], env)
        until("MiniStack", lambda: answers(self.port))

    def _start_stand_ins(self):
        self.stand_ins = self.start(
            "stand-ins",
            [built("stand-ins"), "--healthlake", "127.0.0.1:0", "--comprehend-medical", "127.0.0.1:0",
             "--data", self.folder / "healthlake", "--key", f"{ACCESS_KEY}={SECRET_KEY}",
             # MiniStack calls the credentials of a function's role so.
             "--key", f"{ACCOUNT}={SECRET_KEY}"],
            stdin=subprocess.PIPE,
        )
        self.healthlake_data = self.folder / "healthlake"
        where = self.stand_ins.first_json()
        self.healthlake = where["healthlake"]
        self.medical = where["comprehend-medical"]

    def stop(self):
        for process in reversed(self.processes):
            process.kill()

    def client(self, service):
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"max_attempts": 2}, read_timeout=60),
        )

    def _make_keys(self, keys):
        kms = self.client("kms")

        def key(**how):
            return kms.create_key(**how)["KeyMetadata"]["KeyId"]

        self.kms = {name: key() for name in ("phi", "audit", "pseudonyms")}
        self.kms["log-signing"] = key(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")
        self.wrapped = {
            name: kms.encrypt(
                KeyId=self.kms["pseudonyms"],
                Plaintext=plain,
                EncryptionContext={"zorgsluis": "pseudonym", "purpose": name},
            )["CiphertextBlob"]
            for name, plain in keys.items()
        }

    def _make_stores(self):
        s3, kms = self.client("s3"), self.client("kms")
        self.buckets = {name: f"{PREFIX}-{name}" for name in ("raw", "log", "settings")}
        for name, bucket in self.buckets.items():
            s3.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={"LocationConstraint": REGION},
                ObjectLockEnabledForBucket=name == "log",
            )
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        settings = self.buckets["settings"]
        for name, blob in self.wrapped.items():
            s3.put_object(Bucket=settings, Key=f"keys/{name}", Body=blob)
        for profile in sorted((ROOT / "events/profiles").glob("*.toml")):
            s3.put_object(Bucket=settings, Key=f"profiles/{profile.name}", Body=profile.read_bytes())
        certificate, private = (self.folder / "mail.pem").read_bytes(), (self.folder / "mail.key").read_bytes()
        s3.put_object(Bucket=settings, Key="mail/certificate.pem", Body=certificate)
        wrapped = kms.encrypt(
            KeyId=self.kms["pseudonyms"], Plaintext=private, EncryptionContext={"zorgsluis": "mail-signing"}
        )
        s3.put_object(Bucket=settings, Key="mail/key", Body=wrapped["CiphertextBlob"])
        dynamodb = self.client("dynamodb")
        for table in load("tables").values():
            dynamodb.create_table(**table_shape(table))

    def _make_queues(self):
        sqs = self.client("sqs")
        self.queues, self.dead = {}, {}
        for name in FIFO + STANDARD:
            end = ".fifo" if name in FIFO else ""
            kind = {"FifoQueue": "true"} if name in FIFO else {}
            dead = sqs.create_queue(QueueName=f"{PREFIX}-{name}-dead{end}", Attributes=kind)["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            attributes = {
                **kind,
                "VisibilityTimeout": str(self.visibility),
                "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 50}),
            }
            self.dead[name] = dead
            self.queues[name] = sqs.create_queue(QueueName=f"{PREFIX}-{name}{end}", Attributes=attributes)["QueueUrl"]

    def environment(self):
        """What the functions and the listener are told."""
        return {
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "ZORGSLUIS_ORGANISATION": ORGANISATION,
            "ZORGSLUIS_TABLE_PREFIX": PREFIX,
            "ZORGSLUIS_RAW_BUCKET": self.buckets["raw"],
            "ZORGSLUIS_LOG_BUCKET": self.buckets["log"],
            "ZORGSLUIS_SETTINGS_BUCKET": self.buckets["settings"],
            "ZORGSLUIS_INBOUND_QUEUE": self.queues["inbound"],
            "ZORGSLUIS_NOTES_QUEUE": self.queues["notes"],
            "ZORGSLUIS_NOTICES_QUEUE": self.queues["notices"],
            "ZORGSLUIS_AUDIT_QUEUE": self.queues["audit"],
            "ZORGSLUIS_PHI_KEY": self.kms["phi"],
            "ZORGSLUIS_AUDIT_KEY": self.kms["audit"],
            "ZORGSLUIS_PSEUDONYM_KEY": self.kms["pseudonyms"],
            "ZORGSLUIS_LOG_SIGNING_KEY": self.kms["log-signing"],
            "ZORGSLUIS_FHIR_STORE": f"http://{self.healthlake}/datastore/0123456789abcdef0123456789abcdef/r4/",
            # The stand-in has no quota unless a test sets one.
            "ZORGSLUIS_FHIR_BUNDLES_PER_SECOND": "500",
            "ZORGSLUIS_MAIL_FROM": FROM,
            "ZORGSLUIS_MAIL_CONFIGURATION_SET": "zorgsluis",
            "ZORGSLUIS_PAGES": PAGES,
            "ZORGSLUIS_COMPREHEND_MEDICAL": "on" if self.comprehend_medical else "off",
            "ZORGSLUIS_COMPREHEND_MEDICAL_ENDPOINT": f"http://{self.medical}",
            "ZORGSLUIS_COMPREHEND_MEDICAL_DAILY_LIMIT": "10000",
            "ZORGSLUIS_LOG_RETENTION_DAYS": "1827",
        }

    def _make_functions(self):
        ses = self.client("sesv2")
        ses.create_email_identity(EmailIdentity=FROM.split("@")[1])
        ses.create_configuration_set(ConfigurationSetName="zorgsluis")
        functions, sqs = self.client("lambda"), self.client("sqs")
        shapes = load("functions")
        told = {name: value for name, value in self.environment().items() if name.startswith("ZORGSLUIS_")}
        for name in FUNCTIONS:
            shape = shapes[name]
            wanted = set(shape["environment"]) | {"ZORGSLUIS_COMPREHEND_MEDICAL_ENDPOINT"}
            functions.create_function(
                FunctionName=f"{PREFIX}-{name}",
                Runtime="provided.al2023",
                Handler="bootstrap",
                Role=f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-{name}",
                Code={"ZipFile": bootstrap_zip(name)},
                Timeout=shape["timeout"],
                MemorySize=shape["memory"],
                Environment={"Variables": {key: value for key, value in told.items() if key in wanted}},
            )
        self.mappings = {}
        for queue, url in self.queues.items():
            arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            function = {"inbound": "converter", "notes": "enricher", "notices": "notifier", "audit": "audit-writer",
                        "mail-events": "notifier"}[queue]
            self.mappings[queue] = functions.create_event_source_mapping(
                EventSourceArn=arn,
                FunctionName=f"{PREFIX}-{function}",
                BatchSize=10,
                FunctionResponseTypes=["ReportBatchItemFailures"],
            )["UUID"]

    def _make_api(self):
        """The REST API as the infrastructure makes it: POST /hl7 with IAM, bodies as base64."""
        api, functions = self.client("apigateway"), self.client("lambda")
        arn = functions.get_function(FunctionName=f"{PREFIX}-ingest")["Configuration"]["FunctionArn"]
        self.api = api.create_rest_api(name=PREFIX, binaryMediaTypes=["*/*"])["id"]
        (root,) = api.get_resources(restApiId=self.api)["items"]
        hl7 = api.create_resource(restApiId=self.api, parentId=root["id"], pathPart="hl7")["id"]
        where = {"restApiId": self.api, "resourceId": hl7, "httpMethod": "POST"}
        api.put_method(**where, authorizationType="AWS_IAM")
        api.put_integration(
            **where, type="AWS_PROXY", integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations",
        )
        api.create_deployment(restApiId=self.api, stageName="live")
        functions.add_permission(
            FunctionName=f"{PREFIX}-ingest", StatementId="api", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )

    def invoke(self, function, event):
        """Calls a function and waits for its answer."""
        answer = self.client("lambda").invoke(FunctionName=f"{PREFIX}-{function}", Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise RuntimeError(f"{function}: {payload}")
        return payload


def table_shape(table):
    """A file of crates/aws/tables as a CreateTable request."""

    def schema(shape):
        parts = [("partition", "HASH"), ("sort", "RANGE")]
        return [{"AttributeName": shape[part], "KeyType": kind} for part, kind in parts if shape.get(part)]

    request = {
        "TableName": f"{PREFIX}-{table['name']}",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": schema(table),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table["attributes"].items()
        ],
    }
    indexes = [
        {
            "IndexName": index["name"],
            "KeySchema": schema(index),
            "Projection": {"ProjectionType": "KEYS_ONLY" if index.get("projection") == "keys" else "ALL"},
        }
        for index in table.get("indexes", [])
    ]
    return {**request, "GlobalSecondaryIndexes": indexes} if indexes else request


def bootstrap_zip(name):
    """The function as it is deployed. Debug information stays behind: it would be most of the archive."""
    binary = built(name)
    stamp = hashlib.sha256(f"{binary}{binary.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    stripped = binary.parent / f".{name}-{stamp}.stripped"
    if not stripped.exists():
        for old in binary.parent.glob(f".{name}-*.stripped"):
            if old != stripped:
                old.unlink(missing_ok=True)
        # Tests run side by side: the name appears when the file is whole, not before.
        begun = stripped.with_suffix(f".{os.getpid()}")
        subprocess.run(["strip", "--strip-debug", "-o", begun, binary], check=True)
        begun.replace(stripped)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, stripped.read_bytes())
    return packed.getvalue()


def signing_identity(folder):
    """A certificate and a key of the test's own to sign mails with."""
    certificate, key = folder / "mail.pem", folder / "mail.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365",
         "-subj", f"/CN={ORGANISATION}", "-addext", f"subjectAltName=email:{FROM}",
         "-addext", "keyUsage=critical,digitalSignature", "-addext", "extendedKeyUsage=emailProtection",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True, env={**os.environ},
    )
    return certificate, key
