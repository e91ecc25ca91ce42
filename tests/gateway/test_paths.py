"""A path has one meaning, or none."""

import pytest

from app.gateway.paths import LONGEST_TARGET, canonical


@pytest.mark.parametrize(
    ("target", "path"),
    [
        pytest.param("/", "/", id="root"),
        pytest.param("/orders/17", "/orders/17", id="plain"),
        pytest.param("/orders/17?x=/../y", "/orders/17", id="query"),
        pytest.param("/caf%C3%A9", "/café", id="UTF-8"),
        pytest.param("/cafe%CC%81", "/cafe\u0301", id="accent of its own"),
        pytest.param("/%E6%97%A5%E6%9C%AC%EF%BC%88%E6%96%B0%EF%BC%89", "/\u65e5\u672c\uff08\u65b0\uff09", id="full-width brackets"),
        pytest.param("/%70ublic/x", "/public/x", id="encoded letter"),
        pytest.param("/a%20b", "/a b", id="space"),
        pytest.param("/100%25", "/100%", id="percent sign"),
        pytest.param("/.well-known/jwks.json", "/.well-known/jwks.json", id="dot in front"),
        pytest.param("/a..b/...", "/a..b/...", id="dots that are no dot segment"),
        pytest.param("/orders/", "/orders/", id="slash at the end"),
        pytest.param("/~user/@me/a+b,c=d&e:f!g$h'i(j)*", "/~user/@me/a+b,c=d&e:f!g$h'i(j)*", id="other characters"),
    ],
)
def test_it_decodes_once(target, path):
    assert canonical(target).path == path


@pytest.mark.parametrize(
    "target",
    [
        "",
        "*",
        "orders",
        "http://other/public/../admin",
        "https://other/public/x",
        "/public/../admin",
        "/public/./x",
        "/public/..",
        "/public/%2e%2e/admin",
        "/public/%2E%2E/admin",
        "/public/.%2e/admin",
        "/public/..%2fadmin",
        "/public%2Fx",
        "/public/..;/admin",
        "/public;x/../admin",
        "/public/%3b/admin",
        "/public/%252e%252e/admin",
        "/public/%252f",
        "/public/%2500",
        "/public/\\..\\admin",
        "/public/%5c..%5cadmin",
        "/public/#/../admin",
        "/public/%23/admin",
        "/public/%3f/admin",
        "//public/x",
        "/public//x",
        "/public/%00",
        "/public/%0d%0aX-User:%20admin",
        "/public/%7f",
        "/public/%ff",
        "/public/%c0%ae%c0%ae/admin",
        "/public/%ed%a0%80",
        "/public/%",
        "/public/%2",
        "/public/%zz",
        "/public/é",
        "/public/x y",
        "/public/\t",
        "/public/%ef%bc%8e%ef%bc%8e/admin",
        "/public%ef%bc%8f..%ef%bc%8fadmin",
        "/public/%e2%80%a5/admin",
        "/public%ef%bc%8fx",
        "/public/%e2%84%80",
        "/public/x%ef%bc%85y",
        "/public/x%ef%bc%8532",
    ],
)
def test_what_two_servers_could_read_in_two_ways_has_no_path(target):
    judged = canonical(target)
    assert judged.path is None
    assert judged.because.endswith(".")


def test_a_target_is_bounded():
    assert canonical("/" + "a" * (LONGEST_TARGET - 1)).path
    assert canonical("/" + "a" * LONGEST_TARGET).path is None
