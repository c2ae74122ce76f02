"""Certificates of the throw-away authority, read back as a verifier reads them."""

import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from tests.cluster.pki import Authority, write_pair


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "pki")
    made.ensure()
    return made


def issued(authority: Authority, name: str, *groups: str, hosts: tuple[str, ...] = ()) -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority.issue(name, groups, hosts).certificate)


def test_a_certificate_is_signed_by_the_authority(authority: Authority) -> None:
    root = x509.load_pem_x509_certificate(authority.certificate_file.read_bytes())

    issued(authority, "someone").verify_directly_issued_by(root)


def test_a_stranger_authority_did_not_sign_it(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "other")
    stranger.ensure()
    root = x509.load_pem_x509_certificate(stranger.certificate_file.read_bytes())

    with pytest.raises(InvalidSignature):
        issued(authority, "someone").verify_directly_issued_by(root)


def test_user_and_groups_are_where_kubernetes_reads_them(authority: Authority) -> None:
    subject = issued(authority, "greffon-operator", "operators", "robots").subject

    names = [a.value for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    groups = [a.value for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    assert (names, groups) == (["greffon-operator"], ["operators", "robots"])


def test_a_server_certificate_names_hosts_and_addresses(authority: Authority) -> None:
    certificate = issued(authority, "kube-apiserver", hosts=("localhost", "127.0.0.1"))

    hosts = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.DNSName) == ["localhost"]
    assert hosts.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]


def test_a_second_process_signs_with_the_same_authority(authority: Authority) -> None:
    before = authority.certificate_file.read_bytes()

    Authority(authority.directory).ensure()

    assert authority.certificate_file.read_bytes() == before


def test_private_keys_are_readable_by_their_owner_only(authority: Authority, tmp_path: Path) -> None:
    write_pair(tmp_path, "client", authority.issue("client"))

    keys = [tmp_path / "client.key", authority.token_key_file, authority.directory / "ca.key"]
    assert [oct(key.stat().st_mode & 0o777) for key in keys] == ["0o600"] * 3
