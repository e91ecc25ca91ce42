"""A closer look at a key, for those who read its findings: what costs too much for every verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa

from app.tokens.findings import Finding, found
from app.tokens.keys import rsa_parts

if TYPE_CHECKING:
    from app.tokens.keys.key import Key

# JWK thumbprints with SHA-256 (RFC 7638) of keys whose private half stands in a specification or on a well-known page.
_PUBLISHED = {
    "y_x3gCJnL6oKGBBIXScabduwxTVy2Wd2bzRVEUbdUzc": "RFC 7515, Appendix A.1",
    "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8": "RFC 7515, Appendix A.2",
    "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U": "RFC 7515, Appendix A.3",
    "u5YUSjQ2-2chBi51NSk3t3g7IM4o2KYcnPqPtCNGd3U": "RFC 7515, Appendix A.4",
    "xtIsOV1FqKH77AI_A3jdTg5QfdabzqI-LNpYTPi0IgI": "RFC 7516, Appendix A",
    "_K0fXS8wlsT7Tn3vvZrs9qdKUIqi5AxQ5EVk41xi_BM": "RFC 7516, Appendix A",
    "k1JnWRfC-5zzmL72vXIuBgTLfVROXBakS4OmGcrMCoc": "RFC 7516, Appendix A.3",
    "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s": "RFC 7517, Appendix A",
    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs": "RFC 7517, Appendix A, and RFC 7638",
    "D8R4-FeTJfzuDUy8bZ0c4hcwpul-Q11gCPs3mw6-R9Q": "RFC 7517, Appendix C",
    "dHri3SADZkrush5HU_50AoRhcKFryN-PI6jPBtPL55M": "RFC 7520, section 3.2",
    "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI": "RFC 7520, section 3.4",
    "RtoRur_1Dir5M4wuOfqNkDYOf9O_4RJ-aHkTA75RLA8": "RFC 7520, section 3.5",
    "VDMp1ZgGGv1OKgOeDc1EUKHXNQzMdLkCnxPETHdA4v0": "RFC 7520, section 3.6",
    "h_jutvC-jg3Nwueq8LmdSybXykVsBwk4_5u5Y9JiS7E": "RFC 7520, section 5.1",
    "Rt-IyDEhXohvTl_ozKQ9YGflXGuDb3uu3QmqN2LoMwM": "RFC 7520, section 5.2",
    "YlKlB7M2wnS0cPn_V7OW-FuDLuWdJ9z4OvPHmhGDfeE": "RFC 7520, section 5.4",
    "HsSFalww3yP-dO-lWGYgFcyV5H22oScIFc4V2Y6GOto": "RFC 7520, section 5.5",
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k": "RFC 8037, Appendix A",
    "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o": "RFC 9964, Appendix A",
    "Suiu29qbfuaBaR4Ats-c6XQBePB_OpAxAwcTR_0KXVM": "RFC 9964, Appendix A",
    "tRn1JNIkgMsABVQBlXeDHxAIcclh-2IX0UdDEzPt5XU": "RFC 9964, Appendix A",
    "pdmN_UI10XD6wy44jm-JkHmJOFxevse_2jio8cH1lRw": "the old RS256 example of jwt.io",
    "oGDmHqCJ7yzMkWEkrlZVHkvrHIyQwtlDmeq5ForUHeY": "the RS256 example of jwt.io",
    "19J8y7Zprt2-QKLjF2I5pVk0OELX6cY2AfaAv1LC_w8": "the ES256 example of jwt.io",
    "iTqXXI0zbAnJCKDaobfhkM1f-6rMSpTfyZMRp_2tKI8": "the ES384 example of jwt.io",
    "xZDfZpry4P9vZPZyG2fNBRj-7Lz5omVdm7tHoCgSNfY": "the ES512 example of jwt.io",
}


def remarks(key: Key) -> Iterator[Finding]:
    """What else is known of *key*: that everybody has it, that its modulus falls apart, that it cannot sign at all."""
    if key.secret is None and key.public is None:
        return
    where = _PUBLISHED.get(key.thumbprint())
    if where:
        what = "it" if key.secret is not None else "its private half"
        yield found("key_published", "key", where=where, name=key.name, what=what)
    if isinstance(key.public, rsa.RSAPublicKey):
        factor = rsa_parts.small_factor(key.public.public_numbers().n)
        if factor:
            yield found("rsa_small_factor", "key", factor=factor)
    if key.curve in ("X25519", "X448"):
        yield found("key_agreement_only", "key", curve=key.curve, other="Ed" + key.curve[1:])
