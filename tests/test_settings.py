from dataclasses import fields

import pytest

from app.health import reachable, url
from app.settings import READERS, BadSetting, Settings, canonical_host, from_environment


def test_it_listens_on_loopback_when_nothing_is_set():
    assert from_environment({"PATH": "/bin"}) == Settings(host="127.0.0.1", port=8080, allowed_hosts=())


def test_it_reads_every_setting():
    environ = {"JWTLENS_HOST": "::", "JWTLENS_PORT": "0", "JWTLENS_ALLOWED_HOSTS": "Jwt.Example.com., [::2] ,10.0.0.7,"}
    expected = Settings(host="::", port=0, allowed_hosts=("jwt.example.com", "::2", "10.0.0.7"))
    assert from_environment(environ) == expected


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("JWTLENS_PROT", "8080", "JWTLENS_PROT is not a setting"),
        ("JWTLENS_PORT", "65536", "JWTLENS_PORT: the port is not a number from 0 to 65535"),
        ("JWTLENS_PORT", "-1", "JWTLENS_PORT: the port is not a number from 0 to 65535"),
        ("JWTLENS_PORT", "", "JWTLENS_PORT: the port is not a number from 0 to 65535"),
        ("JWTLENS_PORT", "٨٠", "JWTLENS_PORT: the port is not a number from 0 to 65535"),
        ("JWTLENS_HOST", "http://localhost", "JWTLENS_HOST: the host is neither a name nor an address"),
        ("JWTLENS_HOST", "", "JWTLENS_HOST: the host is neither a name nor an address"),
        ("JWTLENS_ALLOWED_HOSTS", "*", "JWTLENS_ALLOWED_HOSTS: a host in the list is neither a name nor an address"),
        ("JWTLENS_ALLOWED_HOSTS", "a:80", "JWTLENS_ALLOWED_HOSTS: a host in the list is neither a name nor an address"),
    ],
)
def test_it_refuses_with_a_sentence(variable: str, value: str, sentence: str):
    with pytest.raises(BadSetting) as refused:
        from_environment({variable: value})
    assert str(refused.value) == sentence
    assert refused.value.hint


def test_a_refusal_lists_what_there_is():
    with pytest.raises(BadSetting) as refused:
        from_environment({"JWTLENS_DEBUG": "1"})
    names = "HOST, PORT, ALLOWED_HOSTS, FETCH, FETCH_HOSTS, FETCH_NETWORKS, TRUSTED_PROXIES"
    assert refused.value.hint == "the settings are " + ", ".join(f"JWTLENS_{name}" for name in names.split(", "))


def test_every_field_can_be_set():
    assert list(READERS) == [field.name for field in fields(Settings)]


def test_behind_a_proxy_it_is_not_for_one():
    assert Settings().is_for_one
    assert not from_environment({"JWTLENS_TRUSTED_PROXIES": "127.0.0.1"}).is_for_one


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("LOCALHOST", "localhost"),
        ("localhost.", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("my_box.lan", "my_box.lan"),
        ("localhost..", None),
        (".localhost", None),
        ("[127.0.0.1]", None),
        ("[localhost]", None),
        ("a b", None),
        ("a,b", None),
        ("bücher.example", None),
        ("localhost\n", None),
        ("a" * 64, None),
        (".".join(["a" * 63] * 4), None),
        ("", None),
    ],
)
def test_a_host_has_one_spelling(text: str, host: str | None):
    assert canonical_host(text) == host


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("fd00::7", "http://[fd00::7]:80"),
        ("box", "http://box:80"),
    ],
)
def test_the_machine_reaches_its_own_server(host: str, address: str):
    assert url(reachable(Settings(host=host)), 80) == address


def test_it_reads_where_key_sets_may_be_fetched():
    environ = {
        "JWTLENS_FETCH_HOSTS": "Login.Example.com., keys.example.com:8443,http://localhost:8081, [::2]",
        "JWTLENS_FETCH_NETWORKS": "127.0.0.0/8, fd00::/8",
    }
    settings = from_environment(environ)
    assert settings.fetch_hosts == (
        ("https", "login.example.com", 443),
        ("https", "keys.example.com", 8443),
        ("http", "localhost", 8081),
        ("https", "::2", 443),
    )
    assert [str(network) for network in settings.fetch_networks] == ["127.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JWTLENS_FETCH", "yes"),
        ("JWTLENS_FETCH_HOSTS", "*"),
        ("JWTLENS_FETCH_HOSTS", "ftp://a"),
        ("JWTLENS_FETCH_HOSTS", "https://a/jwks"),
        ("JWTLENS_FETCH_HOSTS", "user@a"),
        ("JWTLENS_FETCH_HOSTS", "a:0"),
        ("JWTLENS_FETCH_HOSTS", "a:65536"),
        ("JWTLENS_FETCH_NETWORKS", "127.0.0.1/8"),
        ("JWTLENS_FETCH_NETWORKS", "localhost"),
    ],
)
def test_it_refuses_where_nothing_can_be_fetched(variable: str, value: str):
    with pytest.raises(BadSetting) as refused:
        from_environment({variable: value})
    assert refused.value.hint
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "fetches"),
    [
        pytest.param({}, True, id="loopback"),
        pytest.param({"JWTLENS_HOST": "127.0.0.9"}, True, id="another loopback address"),
        pytest.param({"JWTLENS_HOST": "::1"}, True, id="loopback of IPv6"),
        pytest.param({"JWTLENS_HOST": "localhost"}, True, id="localhost"),
        pytest.param({"JWTLENS_FETCH": "off"}, False, id="switched off"),
        pytest.param({"JWTLENS_FETCH": "off", "JWTLENS_FETCH_HOSTS": "a.example"}, False, id="switched off with hosts"),
        pytest.param({"JWTLENS_HOST": "0.0.0.0"}, False, id="every address"),
        pytest.param({"JWTLENS_HOST": "::"}, False, id="every address of IPv6"),
        pytest.param({"JWTLENS_HOST": "192.168.1.4"}, False, id="an address of the network"),
        pytest.param({"JWTLENS_HOST": "box"}, False, id="a name"),
        pytest.param({"JWTLENS_ALLOWED_HOSTS": "jwt.example.com"}, False, id="loopback behind a proxy"),
        pytest.param({"JWTLENS_HOST": "0.0.0.0", "JWTLENS_FETCH_NETWORKS": "10.0.0.0/8"}, False, id="networks name no host"),
        pytest.param({"JWTLENS_HOST": "0.0.0.0", "JWTLENS_FETCH_HOSTS": "a.example"}, True, id="every address with hosts"),
    ],
)
def test_key_sets_are_fetched_only_where_nobody_else_can_ask(environ: dict[str, str], fetches: bool):
    why, hint = from_environment(environ).no_fetching
    assert (not why) == fetches
    assert bool(why) == bool(hint)
