"""URLs that would reach what is not public: none makes a connection to it, in whatever spelling, whatever the name server says."""

import ipaddress
import socket
import time

import pytest

from app.keyfetch import Fetcher, NotFetched, Rules
from app.keyfetch.addresses import why_not
from app.keyfetch.connection import look_up
from app.keyfetch.urls import read
from app.settings import canonical_host
from tests.cost import within

PUBLIC = "93.184.216.34"
PUBLIC_6 = "2606:2800:220:1:248:1893:25c8:1946"
INSIDE = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9",
    "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
)  # fmt: skip
INSIDE_6 = (
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:3::1", "2001:4:112::1",
    "2001:10::1", "2001:20::1", "2001:30::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2620:4f:8000::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1", "e000::1", "1::1",
)  # fmt: skip

# The form of the URL is refused before any name is looked up.
FORMS = (
    # one address in many spellings
    "https://2130706433/", "https://017700000001/", "https://0x7f000001/", "https://0X7F000001/", "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/", "https://0177.0000.0000.0001/", "https://127.1/", "https://127.0.1/", "https://127.0.0.01/", "https://127.0.0.0x1/",
    "https://0x7f.1/", "https://0177.1/", "https://0/", "https://00/", "https://0x0/", "https://0x/", "https://127.0.0.1.1/", "https://256.0.0.1/",
    "https://127.0.0.256/", "https://4294967295/", "https://4294967296/", "https://2852039166/", "https://0xa9fea9fe/", "https://169.16689662/",
    "https://169.254.43518/", "https://0251.0376.0251.0376/", "https://025177524776/", "https://0xa9.0xfe.0xa9.0xfe/", "https://10.1/",
    "https://012.0.0.1/", "https://192.168.257/", "https://3232235521/", "https://a.0x7f/", "https://x.1/", "https://127.1./", "https://foo.0/",
    # IPv6 and its zones
    "https://[::1%25lo]/", "https://[::1%lo]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[::ffff:127.0.0.1%25lo]/",
    "https://[::ffff:0x7f.1]/", "https://[::1/", "https://::1/", "https://[127.0.0.1]/", "https://[localhost]/", "https://[]/", "https://[v1.a]/",
    "https://[::1]a/", "https://a[::1]/", "https://[::1]:443:443/", "https://[::ffff:127.0.0.01]/", "https://[0:0:0:0:0:0:0:0:1]/",
    # who is the host
    "https://public.test@127.0.0.1/", "https://public.test:443@127.0.0.1/", "https://public.test%40127.0.0.1/", "https://127.0.0.1@public.test/",
    "https://public.test:x@127.0.0.1/", "https://a@b@127.0.0.1/", "https://@127.0.0.1/", "https://:@127.0.0.1/", "https://127.0.0.1\\@public.test/",
    "https://public.test\\@127.0.0.1/", "https://public.test\\.127.0.0.1/", "https:\\\\127.0.0.1/", "https://127.0.0.1#@public.test/",
    "https://public.test#@127.0.0.1/", "https://public.test#.127.0.0.1/", "https:///127.0.0.1/", "https:127.0.0.1", "https:/127.0.0.1/",
    "//127.0.0.1/", "https://", "https:", "https:///", "https://?", "https://#", "https://:443/", "https://%00127.0.0.1/",
    # letters that turn into others
    "https://①②⑦.⓪.⓪.①/", "https://１２７.０.０.１/", "https://127。0。0。1/", "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "https://localhoſt/", "https://ʟocalhost/",
    "https://127.0.0.1\u200b/", "https://\u202e127.0.0.1/", "https://loc\u00adalhost/", "https://bücher.test/", "https://①.test/",
    "https://public.test／@127.0.0.1/", "https://public.test\uff20127.0.0.1/", "https://℀.test/", "https://public.test\u2025internal/",
    # percent signs and control characters
    "https://%31%32%37.0.0.1/", "https://127%2e0%2e0%2e1/", "https://localhost%00.public.test/", "https://public.test%2f@127.0.0.1/",
    "https://public.test\n.127.0.0.1/", "https://127.0.0.1\t/", "https://127.0.0.1\r\nHost: x/", "https://public.test/\r\nX: y",
    "https://public.test/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "https://pub lic.test/", "https://public.test\x00/", "https://public.test\x7f/",
    "ht\ntps://127.0.0.1/", "\x00https://127.0.0.1/", "https://public.test/é",
    # other schemes
    "http://127.0.0.1/", "http://public.test/", "HTTP://public.test/", "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_x", "dict://127.0.0.1:11211/", "ldap://127.0.0.1/", "data:application/json,{}", "jar:https://127.0.0.1!/", "unix:/run/x",
    "javascript:alert(1)", "netdoc:///etc/passwd", "tftp://127.0.0.1/", "ws://127.0.0.1/", "url:https://127.0.0.1/", "blob:https://127.0.0.1/x",
    # ports
    "https://127.0.0.1:22/", "https://public.test:22/", "https://public.test:6379/", "https://public.test:80/", "https://public.test:0/",
    "https://public.test:65536/", "https://public.test:65979/", "https://public.test:-1/", "https://public.test:+443/", "https://public.test:443a/",
    "https://public.test:٤٤٣/", "https://public.test:/", "https://public.test:443:22/", "https://public.test:0443000/", "https://public.test: 443/",
    # names that are none
    "https://localhost../", "https://.localhost/", "https://./", "https://../", "https://a..b/", "https://-a.test/", "https://a-.test/",
    "https://" + "a" * 64 + ".test/", "https://" + "a." * 130 + "test/", "https://a,b/", "https://a;b/", "https://$(id)/", "https://`id`/",
    "https://{a}/", "https://a|b/", "https://<a>/", 'https://"a"/', "https://^a/", "https://a!b/", "https://*.test/", "https://a&b/",
    "", " ", "localhost", "127.0.0.1", "127.0.0.1:443", "localhost:443", "public.test/jwks", "/jwks", "https", "://", "?", "#",
    "https://public.test/" + "a" * 2048,
)  # fmt: skip

# The form is a host's; what it stands for is not public. (What the resolver of a machine with such names would answer.)
NAMES = {
    "https://localhost/": "127.0.0.1", "https://LOCALHOST/": "127.0.0.1", "https://localhost./": "127.0.0.1", "https://LocalHost:443/": "127.0.0.1",
    "https://localhost.localdomain/": "127.0.0.1", "https://ip6-localhost/": "::1", "https://foo.localhost/": "::1", "https://127.0.0.1.nip.test/": "127.0.0.1",
    "https://metadata/": "169.254.169.254", "https://metadata.google.internal/": "169.254.169.254", "https://metadata.google.internal./": "169.254.169.254",
    "https://instance-data/": "169.254.169.254", "https://kubernetes.default.svc/": "10.96.0.1", "https://host.docker.internal/": "192.168.65.2",
    "https://router.lan/": "192.168.1.1", "https://printer.local/": "169.254.7.7", "https://wpad/": "10.0.0.2", "https://_x.test/": "10.0.0.2",
    "https://xn--bcher-kva.test/": "10.0.0.3", "https://xn--lcalhost-46a/": "127.0.0.1", "https://zone.test/": "fe80::1%eth0", "https://odd.test/": "127.1",
    "https://word.test/": "not an address", "https://empty.test/": "", "https://bytes.test/": "0x7f000001", "https://spaces.test/": " 127.0.0.1",
}  # fmt: skip
LITERALS = (
    *(f"https://{address}/" for address in INSIDE),
    *(f"https://{address}./jwks.json" for address in ("127.0.0.1", "169.254.169.254")),
    *(f"https://[{address}]/" for address in INSIDE_6),
    "https://[0:0:0:0:0:ffff:7f00:1]/", "https://[0000:0000:0000:0000:0000:0000:0000:0001]/", "https://[::FFFF:A9FE:A9FE]/", "HTTPS://127.0.0.1:443/",
)  # fmt: skip


def is_public(address: str) -> bool:
    return address in (PUBLIC, PUBLIC_6)


def refused(text, resolver, rules=None):
    """The refusal of *text*, and that the one who asks for metadata is refused as well."""
    for kind in ("key_set", "issuer"):
        with pytest.raises(NotFetched) as caught:
            Fetcher(rules or Rules(), resolver).fetch(text, kind)
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")
    return caught.value


def nobody(_host, _port):
    raise AssertionError("the form alone should have been refused")


def test_the_corpus_is_large():
    assert len({*FORMS, *NAMES, *LITERALS}) == len(FORMS) + len(NAMES) + len(LITERALS) >= 250


@pytest.mark.parametrize("text", FORMS)
def test_a_hostile_form_is_refused_before_any_name_is_looked_up(connections, text):
    failure = refused(text, nobody)
    assert failure.code.startswith("url_") or failure.code == "issuer_form"
    assert connections == []


@pytest.mark.parametrize("text", LITERALS)
def test_an_address_that_is_not_public_is_refused(connections, text):
    assert refused(text, nobody).code == "not_public"
    assert connections == []


@pytest.mark.parametrize(("text", "address"), NAMES.items())
def test_a_name_of_the_inside_is_refused(connections, text, address):
    assert refused(text, lambda _host, _port: [address]).code == "not_public"
    assert connections == []


@pytest.mark.parametrize("address", [*INSIDE, *INSIDE_6])
@pytest.mark.parametrize("place", ["first", "last", "between", "of the other kind"])
def test_of_a_mixed_answer_none_is_used(connections, address, place):
    mixed = {
        "first": [address, PUBLIC],
        "last": [PUBLIC, address],
        "between": [PUBLIC, address, PUBLIC_6],
        "of the other kind": [PUBLIC_6] * 30 + [address],
    }
    assert refused("https://mixed.test/jwks", lambda _host, _port: mixed[place]).code == "not_public"
    assert connections == []


def test_a_name_that_is_rebound_between_two_lookups_is_looked_up_once(connections):
    answers = [[PUBLIC], ["127.0.0.1"], ["169.254.169.254"]]
    asked = []

    def resolver(host, _port):
        asked.append(host)
        return answers[min(len(asked), 3) - 1]

    with pytest.raises(NotFetched):
        Fetcher(Rules(), resolver).fetch("https://rebinding.test/jwks")
    assert asked == ["rebinding.test"]
    assert connections == [(PUBLIC, 443)]


def test_the_connection_goes_to_the_very_address_that_was_checked(connections):
    with pytest.raises(NotFetched) as caught:
        Fetcher(Rules(), lambda _host, _port: [PUBLIC_6, PUBLIC]).fetch("https://public.test/jwks")
    assert caught.value.code == "refused"
    assert connections == [(PUBLIC_6, 443), (PUBLIC, 443)]


@pytest.mark.parametrize("text", ["https://93.184.216.34/jwks", f"https://[{PUBLIC_6}]/jwks", "https://[::ffff:93.184.216.34]/jwks"])
def test_a_public_address_may_be_written_out(connections, text):
    with pytest.raises(NotFetched) as caught:
        Fetcher(Rules(), nobody).fetch(text)
    assert caught.value.code == "refused"
    assert len(connections) == 1


@pytest.mark.parametrize("resolver", [lambda _host, _port: [], lambda _host, _port: (_ for _ in ()).throw(socket.gaierror)])
def test_a_name_without_address_is_told(connections, resolver):
    assert refused("https://nowhere.test/jwks", resolver).message == "The name nowhere.test has no address."
    assert connections == []


def test_the_machine_is_asked_with_bytes_and_every_address_is_taken(monkeypatch):
    asked = []

    def getaddrinfo(host, port, **options):
        asked.append((host, port, options))
        return [(2, 1, 6, "", (PUBLIC, port)), (10, 1, 6, "", ("fe80::1%eth0", port, 0, 2))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert look_up("keys.test", 443) == [PUBLIC, "fe80::1%eth0"]
    assert asked == [(b"keys.test", 443, {"type": socket.SOCK_STREAM})]


def test_with_a_list_of_hosts_only_those_are_asked(connections):
    rules = Rules(frozenset((("https", "keys.test", 443), ("https", "::1", 443))))
    for text in ("https://other.test/jwks", "https://keys.test.other.test/jwks", "https://xkeys.test/jwks", "https://keys.test:444/jwks"):
        assert refused(text, nobody, rules).code == "host_not_listed"
    assert refused("http://keys.test/jwks", nobody, rules).code == "url_http"
    # A listed host is still no licence for an inner address: that takes a network of the settings.
    assert refused("https://keys.test/jwks", lambda _host, _port: ["10.0.0.1"], rules).code == "not_public"
    assert refused("https://[::1]/jwks", nobody, rules).code == "not_public"
    assert connections == []


def test_a_named_network_opens_itself_and_nothing_beside(connections):
    rules = Rules(networks=(ipaddress.ip_network("10.1.0.0/16"),))
    for address in ("10.2.0.1", "10.0.255.255", "127.0.0.1", "::ffff:10.2.0.1"):
        assert refused("https://keys.test/jwks", lambda _host, _port, one=address: [one], rules).code == "not_public"
    assert connections == []
    for address in ("10.1.0.1", "::ffff:10.1.255.255"):
        assert refused("https://keys.test/jwks", lambda _host, _port, one=address: [one], rules).code == "refused"
    assert {one for one, _ in connections} == {"10.1.0.1", "::ffff:10.1.255.255"}


def test_nothing_is_looked_up_or_asked_where_fetching_is_off(connections):
    rules = Rules(off=("others can reach this server", "Paste the key set into the key box."))
    failure = refused("https://public.test/jwks", nobody, rules)
    assert failure.message == "Key sets are not fetched here: others can reach this server."
    assert connections == []


def test_a_refusal_tells_neither_path_nor_query():
    for text in (
        "https://u:canary@public.test/",
        "https://public.test:99/canary?canary",
        "http://public.test/canary",
        "https://10.0.0.1/canary",
    ):
        failure = refused(text, nobody)
        assert "canary" not in failure.message + failure.hint + str(failure) + repr(failure)


def test_a_long_hostile_text_is_refused_at_once():
    hostile = (
        "https://" + "a." * 130_000,
        "https://" + "[" * 260_000,
        "h" * 260_000,
        "https://a" + "-" * 2000,
        "https://" + "0x" * 1000,
    )
    within(0.2, lambda: [refused(text, nobody) for text in hostile], time.process_time)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://Keys.Example.COM./a/B?c=D", "https://keys.example.com/a/B?c=D"),
        (" HTTPS://keys.example.com:443\n", "https://keys.example.com/"),
        ("https://keys.example.com?x", "https://keys.example.com/?x"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://[2606:2800:220:1:0248::]/", "https://[2606:2800:220:1:248::]/"),
    ],
)
def test_a_host_is_asked_in_its_one_spelling(text, url):
    assert read(text, Rules()).url == url


@pytest.mark.parametrize(
    "host", ["Keys.Example.COM", "a.test.", "[0:0::1]", "10.0.0.1", "my_box.lan", "a..b", "-a", "a" * 64, "[127.0.0.1]", "b\u00fc.test"]
)
def test_a_host_of_the_settings_is_spelt_as_one_that_is_typed(host):
    """The two rooms may not import each other; a host that they spelt differently could be listed and never asked."""
    try:
        typed = read(f"https://{host}/", Rules()).host
    except NotFetched:
        typed = None
    assert typed == canonical_host(host)


# Microsoft's recommended list, microsoft-antissrf 1.0.0, IPAddressRanges.recommended_v1: numbers of the IANA registries.
ORACLE = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::1/128", "::/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
    "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
    "fec0::/10", "ff00::/8",
)  # fmt: skip


def samples():
    """Both ends of every range of the oracle, 300 addresses between them, and the neighbours outside."""
    for text in ORACLE:
        network = ipaddress.ip_network(text)
        first, size = int(network.network_address), network.num_addresses
        kind = type(network.network_address)
        for offset in {0, size - 1, *(size * number // 300 for number in range(300))}:
            yield kind(first + offset)


def test_the_oracle_refuses_nothing_that_we_take():
    ours = list(samples())
    assert len(ours) > 8_000
    assert not [str(address) for address in ours if not why_not(str(address))]
    mapped = [f"::ffff:{address}" for address in ours if address.version == 4]
    assert not [address for address in mapped if not why_not(address)]


def test_public_neighbours_of_the_ranges_are_taken():
    public = ("9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15", "169.253.0.1",
              "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255", "2001:200::1", "2003::1", "2620:4f:8001::1",
              "2606:4700:4700::1111", "2a00:1450:4001:82b::200e", "8.8.8.8", "1.1.1.1")  # fmt: skip
    assert not [address for address in public if why_not(address)]


def test_the_oracle_itself_agrees_where_it_is_installed():
    library = pytest.importorskip("AntiSSRF")
    policy = library.AntiSSRFPolicy(library.PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    for address in (*INSIDE, *INSIDE_6, PUBLIC, PUBLIC_6, *(str(one) for one in samples())):
        if not policy._is_network_connection_allowed([address]):
            assert why_not(address), address
