"""RSA keys without OpenSSL's 27 ms of primality tests: loaded unchecked, then checked by arithmetic in 10 µs."""

from __future__ import annotations

import math

from cryptography.hazmat.primitives.asymmetric import rsa

from app.tokens.findings import Finding, found

MIN_BITS, MAX_BITS = 512, 8192
_RECOVER_MAX_BITS = 4096  # recovering the primes of a 16,384-bit key would take 7 s
_BASES, _UNLUCKY = 20, 4
_MAX_EXPONENT_BITS = 256  # FIPS 186-5, A.1.1; each further one makes every verification dearer

# A modulus made by the faulty generator is, modulo each of these primes, a power of 65537 (CVE-2017-15361).
_ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
_ROCA_PRODUCT = math.prod(_ROCA_PRIMES)
_ROCA_POWERS = tuple((prime, frozenset(pow(65537, k, prime) for k in range(prime))) for prime in _ROCA_PRIMES)
_SMALL_PRIMES = tuple(number for number in range(2, 1000) if all(number % divisor for divisor in range(2, 32) if divisor < number))
_SMALL_PRODUCT = math.prod(_SMALL_PRIMES)


def public_faults(n: int, e: int) -> tuple[Finding, ...]:
    """Faults of an RSA public key that hold whatever it is used for."""
    faults = []
    if not MIN_BITS <= n.bit_length() <= MAX_BITS:
        faults.append(found("rsa_too_long", "key", bits=n.bit_length()))
    if e < 3 or e % 2 == 0:
        harm = "signatures can be forged by anyone" if e < 2 else "no signature can be verified with it"
        faults.append(found("rsa_exponent", "key", e=e if e < 10**6 else "even", harm=harm))
    if e.bit_length() > _MAX_EXPONENT_BITS:
        faults.append(found("rsa_exponent_long", "key", bits=e.bit_length(), most=_MAX_EXPONENT_BITS))
    if is_roca(n):
        faults.append(found("rsa_roca", "key"))
    return tuple(faults)


def is_roca(n: int) -> bool:
    """Whether *n* bears the mark of the faulty generator."""
    rest = n % _ROCA_PRODUCT
    return all(rest % prime in powers for prime, powers in _ROCA_POWERS)


def small_factor(n: int) -> int:
    """The smallest prime below 1,000 that divides *n*, or 0."""
    rest = n % _SMALL_PRODUCT
    return 0 if math.gcd(rest, _SMALL_PRODUCT) == 1 else next(prime for prime in _SMALL_PRIMES if rest % prime == 0)


def private_fault(numbers: rsa.RSAPrivateNumbers) -> Finding | None:
    """The first member that does not fit the others (RFC 8017 §3.2), or None."""
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    p, q, d = numbers.p, numbers.q, numbers.d
    if p < 3 or q < 3 or p * q != n:
        return found("rsa_private_wrong", "key", member="p times q is not n")
    if (d * e - 1) % (p - 1) or (d * e - 1) % (q - 1):
        return found("rsa_private_wrong", "key", member="d is not the inverse of e")
    for name, value, right in (("dp", numbers.dmp1, d % (p - 1)), ("dq", numbers.dmq1, d % (q - 1))):
        if value != right:
            return found("rsa_private_wrong", "key", member=f"{name} does not belong to d")
    if numbers.iqmp * q % p != 1:
        return found("rsa_private_wrong", "key", member="qi is not the inverse of q")
    return None


def load(numbers: rsa.RSAPrivateNumbers) -> rsa.RSAPrivateKey | None:
    """The private key of numbers that passed `private_fault`; None if OpenSSL will not have them."""
    try:
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)
    except ValueError:
        return None


def recover(n: int, e: int, d: int) -> rsa.RSAPrivateNumbers | None:
    """All private numbers from n, e and d alone; None when they are no RSA key or too large to try."""
    if n.bit_length() > _RECOVER_MAX_BITS or not 1 < d < n:
        return None
    p = _factor(n, e * d - 1)
    if not p:
        return None
    try:
        return complete(n, e, d, max(p, n // p), min(p, n // p))
    except ValueError:
        return None


def _is_hopeless(n: int) -> bool:
    """Whether *n* is prime, or a power: then no base finds a factor, and each takes its time."""
    return pow(2, n - 1, n) == 1 or any(_root(n, power) ** power == n for power in range(2, n.bit_length() // 8))


def _root(n: int, power: int) -> int:
    """The largest number whose *power* is at most *n*, by Newton's way."""
    root = 1 << -(-n.bit_length() // power)
    while (closer := ((power - 1) * root + n // root ** (power - 1)) // power) < root:
        root = closer
    return root


def _factor(n: int, rest: int) -> int:
    """A factor of *n* when every number to the power of *rest* is 1 modulo *n*, or 0 (NIST SP 800-56B, Appendix C.1).

    Each base finds one with a chance of a half at least, so that twenty do for every key that is one.
    """
    twos = (rest & -rest).bit_length() - 1
    for number, base in enumerate(_SMALL_PRIMES[:_BASES]):
        if number == _UNLUCKY and _is_hopeless(n):
            return 0
        power = pow(base, rest >> twos, n)
        for _ in range(twos):
            before, power = power, power * power % n
            if power == 1:
                if before not in (1, n - 1):
                    return math.gcd(before - 1, n)
                break
        else:
            return 0
    return 0


def complete(n: int, e: int, d: int, p: int, q: int) -> rsa.RSAPrivateNumbers:
    """Private numbers with the three CRT members computed."""
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(e, n)
    )
