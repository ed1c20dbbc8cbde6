"""An SMTP relay on 127.0.0.1 that keeps what it takes, and misbehaves for some recipients.

usage: smtp_sink.py FOLDER CERTIFICATE KEY
Prints the ports as JSON: plain, starttls (with AUTH), implicit. Ends when its standard input does.
"""
import asyncio, json, logging, os, ssl, sys

from aiosmtpd.smtp import SMTP, AuthResult

logging.getLogger("mail.log").setLevel(logging.ERROR)
folder, certificate, key = sys.argv[1:4]
USER, PASSWORD = b"zorgsluis@linde", b"geheim/woord"


class Sink:
    taken = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "nobody":
            return "550 5.1.1 no such mailbox"
        if name == "full":
            return "452 4.2.2 mailbox full"
        if name == "mute":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "spam":
            return "554 5.7.1 not wanted"
        if name == "later":
            return "451 4.3.0 try later"
        Sink.taken += 1
        path = os.path.join(folder, f"{Sink.taken}.eml")
        with open(path + ".new", "wb") as file:
            file.write(envelope.original_content)
        os.rename(path + ".new", path)
        if name == "cut":
            server.transport.abort()
        if name == "silent":
            await asyncio.sleep(3600)
        return f"250 2.0.0 taken as {Sink.taken}"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=True)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    starttls = dict(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
    servers = {
        "plain": await loop.create_server(lambda: SMTP(Sink()), "127.0.0.1", 0),
        "starttls": await loop.create_server(lambda: SMTP(Sink(), **starttls), "127.0.0.1", 0),
        "implicit": await loop.create_server(lambda: SMTP(Sink()), "127.0.0.1", 0, ssl=context),
    }
    print(json.dumps({name: server.sockets[0].getsockname()[1] for name, server in servers.items()}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


try:
    asyncio.run(main())
finally:
    os._exit(0)
