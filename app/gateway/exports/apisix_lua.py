"""What the plugin jwt-auth of APISIX does not judge, as a function in Lua for serverless-post-function, which runs behind it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from app.gateway.exports import native
from app.gateway.policy import ClaimRule, Compare, Issuer, Policy, Route, Words
from app.gateway.upstream import LONGEST_TOGETHER, LONGEST_VALUE

_EXACT = 2**53
_PROGRAM = """\
return function(conf, ctx)
  local core = require("apisix.core")
  local realm = @realm
  -- What a token of each issuer must say.
  local issuers = @issuers
  -- What each route asks for.
  local routes = @routes
  -- Which claims the API gets as headers.
  local upstream = @upstream
  local where = @where

  local claims = @claims
  local route = routes[tostring(ctx.route_id)]

  local function deny(status, code, message)
    local challenge = 'Bearer realm="' .. realm .. '"'
    if code then challenge = challenge .. ', error="' .. code .. '"' end
    core.response.set_header("WWW-Authenticate", challenge)
    return status, {message = message}
  end

  -- A path that two servers could read in two ways.
  local raw = string.lower(string.match(ngx.var.request_uri, "^[^?]*"))
  for _, sign in ipairs({"%2f", "%5c", "\\\\", ";", "%3b", "%3f", "%23", "#", "%25", "%7f", "//", "%e2%80%a4", "%e2%80%a5", "%ef%b8", "%ef%b9", "%ef%bc"}) do
    if string.find(raw, sign, 1, true) then return deny(400, "invalid_request", "the path has two readings") end
  end
  local dotted = string.gsub(raw, "%%2e", ".") .. "/"
  if string.find(dotted, "/%.%.?/") or string.find(raw, "%%[01]%x") or string.sub(raw, 1, 1) ~= "/" then
    return deny(400, "invalid_request", "the path has two readings")
  end

  local function at(path)
    local value = claims
    for _, name in ipairs(path) do
      if type(value) ~= "table" then return nil end
      value = value[name]
    end
    return value
  end

  local function is_list(value)
    return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
  end

  local function is_among(wanted, list)
    for _, one in ipairs(list) do
      if type(one) == type(wanted) and one == wanted then return true end
    end
    return false
  end

  local function has_word(value, word)
    if type(value) ~= "string" then return is_list(value) and is_among(word, value) end
    return type(word) == "string" and not string.find(word, " ", 1, true) and string.find(" " .. value .. " ", " " .. word .. " ", 1, true) ~= nil
  end

  local function has_words(asked)
    local value = at(asked.claim)
    if value == nil and #asked.claim == 1 and asked.claim[1] == "scope" then value = at({"scp"}) end
    if type(value) ~= "string" and not is_list(value) then return false end
    if type(value) == "table" then
      for _, one in ipairs(value) do
        if type(one) ~= "string" then return false end
      end
    end
    for _, word in ipairs(asked.all) do
      if not has_word(value, word) then return false end
    end
    for _, word in ipairs(asked.any) do
      if has_word(value, word) then return true end
    end
    return #asked.any == 0
  end

  local function holds(rule)
    if rule.claim then
      local value = at(rule.claim)
      if value == nil then return false end
      if rule.how == "contains" then return has_word(value, rule.value) end
      if rule.how == "prefix" then return type(value) == "string" and string.sub(value, 1, #rule.value) == rule.value end
      return is_among(value, rule.value)
    end
    local count = 0
    for _, one in ipairs(rule.rules) do
      if holds(one) then count = count + 1 end
    end
    if rule.how == "not" then return count == 0 end
    if rule.how == "any" then return count > 0 end
    return count == #rule.rules
  end

  local function written(value)
    if type(value) == "boolean" then return tostring(value) end
    if type(value) == "number" then return string.format(value == math.floor(value) and math.abs(value) < 2^53 and "%.0f" or "%.14g", value) end
    if type(value) ~= "string" then return nil end
    return (string.gsub(value, "[^A-Za-z0-9 !\\"#$&'()*+./:;<=>?@%[\\\\%]^_`{|}~%-]", function(one) return string.format("%%%02X", string.byte(one)) end))
  end

  local function header(value)
    if is_list(value) then
      local parts = {}
      for number, one in ipairs(value) do
        parts[number] = written(one)
        if not parts[number] then return "" end
      end
      value = table.concat(parts, ",")
    else
      value = written(value) or ""
    end
    local head, inner, tail = string.match(value, "^( *)(.-)( *)$")
    return string.rep("%20", #head) .. inner .. string.rep("%20", #tail)
  end

  local function judge()
    local issuer = issuers[claims.iss]
    if not issuer then return deny(401, "invalid_token", "the issuer is not known") end
    if issuer.audiences then
      local found = type(claims.aud) == "string" and is_among(claims.aud, issuer.audiences)
      if is_list(claims.aud) then
        for _, one in ipairs(claims.aud) do found = found or is_among(one, issuer.audiences) end
      end
      if not found then return deny(401, "invalid_token", "the audience is another") end
    end
    for _, path in ipairs(issuer.required) do
      local value = at(path)
      if value == nil or value == ngx.null then return deny(401, "invalid_token", "a claim is missing") end
    end
    for _, name in ipairs({"exp", "nbf"}) do
      if claims[name] ~= nil and type(claims[name]) ~= "number" then return deny(401, "invalid_token", name .. " is not a number") end
    end
    if issuer.max_life then
      local lives = type(claims.exp) == "number" and type(claims.iat) == "number" and claims.exp - claims.iat
      if not lives or lives > issuer.max_life then return deny(401, "invalid_token", "the token lives too long") end
    end
    if (route.scopes and not has_words(route.scopes)) or (route.roles and not has_words(route.roles)) or (route.rule and not holds(route.rule)) then
      return deny(403, "insufficient_scope", "the token does not allow this")
    end
  end

  if not route then return 404 end
  if route.access ~= "anyone" and type(claims) == "table" then
    local status, body = judge()
    if status then return status, body end
  elseif route.access == "optional" then
    -- jwt-auth has taken the request for an anonymous one, also when it came with a token that is wrong.
    for _, name in ipairs(where.headers) do
      if core.request.header(ctx, name) then return deny(401, "invalid_token", "the token is not accepted") end
    end
    for _, name in ipairs(where.variables) do
      if ctx.var[name] then return deny(401, "invalid_token", "the token is not accepted") end
    end
  elseif route.access ~= "anyone" then
    return deny(401, "invalid_token", "there is no token to judge")
  end
  if route.access == "anyone" or type(claims) ~= "table" then claims = {} end
  local together = 0
  for _, one in ipairs(upstream) do
    local value = header(at(one.claim))
    together = together + #one.name + #value + 4
    if #value > @longest or together > @together then return deny(401, "invalid_token", "a claim is too long for a header") end
    core.request.set_header(ctx, one.name, value)
  end
  for _, name in ipairs(where.removed) do core.request.set_header(ctx, name, nil) end
end
"""


KEPT = "ctx.jwt_auth_payload"
"""Where jwt-auth leaves the claims of a token that it took."""
USERINFO = 'core.json.decode(ngx.decode_base64(core.request.header(ctx, "X-Userinfo") or "") or "")'
"""Where openid-connect does; it overwrites what a client sent there."""


def program(policy: Policy, where: dict[str, list[str]], claims: str = KEPT) -> str:
    """The function for every route of *policy*; *where* are the places in which a token may be, *claims* is where they are found."""
    parts = {
        "@realm": literal(policy.realm),
        "@issuers": _table(_issuers(policy)),
        "@routes": _table((str(number), _route(route)) for number, route in enumerate(policy.routes, 1)),
        "@upstream": literal([{"name": name, "claim": list(claim)} for name, claim in policy.upstream]),
        "@where": literal(where),
        "@claims": claims,
        "@longest": str(LONGEST_VALUE),
        "@together": str(LONGEST_TOGETHER),
    }
    text = _PROGRAM
    for name, value in parts.items():
        head, _, tail = text.partition(name)
        text = head + value + tail
    return text


def literal(value: Any) -> str:
    """*value* in Lua: a string byte by byte where it is not plain, so that no text ends it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_letter(byte) for byte in value.encode()) + '"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return repr(float(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {literal(one)}" for name, one in value.items()) + "}"
    return "{" + ", ".join(literal(one) for one in value) + "}"


def _letter(byte: int) -> str:
    # An @ would be taken for a place in the program.
    return chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\@' else f"\\{byte:03d}"


def _table(rows: Iterator[tuple[str, dict[str, Any]]]) -> str:
    lines = "".join(f"    [{literal(name)}] = {literal(value)},\n" for name, value in rows)
    return f"{{\n{lines}  }}"


def _issuers(policy: Policy) -> Iterator[tuple[str, dict[str, Any]]]:
    for issuer in policy.issuers:
        yield from ((name, _terms(issuer)) for name in issuer.names if native.is_text(name))


def _terms(issuer: Issuer) -> dict[str, Any]:
    terms: dict[str, Any] = {"required": [list(path) for path in issuer.required]}
    if issuer.audiences:
        terms["audiences"] = list(issuer.audiences)
    return terms | ({"max_life": issuer.max_life} if issuer.max_life is not None else {})


def _route(route: Route) -> dict[str, Any]:
    told: dict[str, Any] = {"access": route.access}
    for name, asked in (("scopes", route.scopes), ("roles", route.roles)):
        if asked:
            told[name] = _words(asked)
    if route.claims:
        told["rule"] = _rule(route.claims) if is_said(route.claims) else {"how": "any", "rules": []}
    return told


def _words(asked: Words) -> dict[str, Any]:
    return {"claim": list(asked.claim), "all": list(asked.all), "any": list(asked.any)}


def _rule(rule: ClaimRule) -> dict[str, Any]:
    if not isinstance(rule, Compare):
        return {"how": rule.how, "rules": [_rule(one) for one in rule.rules]}
    values = list(rule.value) if rule.how == "one_of" else [rule.value] if rule.how == "equals" else rule.value
    return {"how": rule.how, "claim": list(rule.claim), "value": values}


def is_said(rule: ClaimRule) -> bool:
    """Whether every number in *rule* is one that Lua keeps; all numbers are floats there."""
    values = (value for one in native.compares(rule) for value in (one.value if one.how == "one_of" else (one.value,)))
    return all(isinstance(value, bool | str) or (abs(value) <= _EXACT and Decimal(float(value)) == value) for value in values)
