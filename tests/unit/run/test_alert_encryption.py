"""An alert by email goes encrypted where it is asked for, to the server that its certificate names, or not at all."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from orchestration.core.settings import Alerts
from orchestration.run.alerts import send_alert


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and its certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def mail_server(certificate):
    """Starts a mail server for one email. Returns its port, and what it is told: (whether that was encrypted, line)."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        told: list[tuple[bool, str]] = []

        def talk(client: socket.socket, offers: bool):
            client.settimeout(5)
            client.sendall(b"220 ready\r\n")
            lines = client.makefile("rb")
            while line := lines.readline().decode().strip():
                told.append((isinstance(client, ssl.SSLSocket), line))
                if line.lower().startswith("ehlo"):
                    client.sendall(b"250-mail\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n" if offers else b"250 mail\r\n")
                elif line == "STARTTLS":
                    client.sendall(b"220 go on\r\n")
                    client = context.wrap_socket(client, server_side=True)
                    lines = client.makefile("rb")
                elif line.lower() == "data":
                    client.sendall(b"354 go on\r\n")
                    while (line := lines.readline()) != b".\r\n":
                        told.append((isinstance(client, ssl.SSLSocket), line.decode().strip()))
                    client.sendall(b"250 taken\r\n")
                elif line.startswith("AUTH"):
                    client.sendall(b"235 known\r\n")
                elif line.lower() == "quit":
                    client.sendall(b"221 bye\r\n")
                    return
                else:
                    client.sendall(b"250 yes\r\n")

        def start(how: str, *, offers: bool = True):
            def serve():
                with suppress(OSError), listening.accept()[0] as client:
                    talk(context.wrap_socket(client, server_side=True) if how == "tls" else client, offers)

            threading.Thread(target=serve, daemon=True).start()
            return listening.getsockname()[1], told

        yield start


def alerts(port: int, how: str, **said: str) -> Alerts:
    return Alerts(email_to=["a@example.com"], smtp_host="127.0.0.1", smtp_port=port, smtp_tls=how, **said)


@pytest.mark.parametrize("how", ["none", "starttls", "tls"])
def test_an_email_goes_as_it_is_asked_for(mail_server, certificate, monkeypatch, how):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    port, told = mail_server(how)
    who = {"smtp_user": "kundbild", "smtp_password": "word"} if how != "none" else {}
    assert send_alert(alerts(port, how, **who), "Shop", "0123456789", "source crm is down") == []
    is_encrypted = {line: encrypted for encrypted, line in told}
    assert is_encrypted["Kundbild of Shop: run 01234567 failed. source crm is down"] == (how != "none")
    logged_in = [encrypted for encrypted, line in told if line.startswith("AUTH PLAIN")]
    assert logged_in == ([] if how == "none" else [True])


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_gets_no_email(mail_server, how):
    port, told = mail_server(how)
    assert send_alert(alerts(port, how), "Shop", "r", "x") == ["email: SSLCertVerificationError"]
    assert not any("mail from" in line.lower() or "Shop" in line for _, line in told)


def test_a_server_that_cannot_encrypt_gets_no_email(mail_server):
    port, told = mail_server("starttls", offers=False)
    assert send_alert(alerts(port, "starttls"), "Shop", "r", "x") == ["email: SMTPNotSupportedError"]
    assert not any("mail from" in line.lower() or "Shop" in line for _, line in told)


def test_a_password_never_goes_in_the_clear():
    assert [Alerts(smtp_tls=how).port for how in ("none", "starttls", "tls")] == [25, 587, 465]
    with pytest.raises(ValidationError, match="not sent in the clear"):
        Alerts(smtp_user="kundbild", smtp_password="word")
    with pytest.raises(ValidationError, match="go together"):
        Alerts(smtp_user="kundbild", smtp_tls="tls")
