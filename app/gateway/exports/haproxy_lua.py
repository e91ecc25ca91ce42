"""HAProxy, which asks through a script in Lua: denied is whatever the script does not clearly allow."""

from __future__ import annotations

import re

from app.gateway.exports.asking import ANY_REFUSAL, API, DROPPED, JWTLENS, ORIGINAL, PORT, as_variable, asking, notes
from app.gateway.exports.asking_answers import Manner, NotKnown, answering, own
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.policy import Policy
from app.gateway.request import Request

_START = ORIGINAL + ANY_REFUSAL
_CFG = """\
# haproxy.cfg of HAProxy 2.6 or newer. Beside it runs
#   {start}

global
    lua-load-per-thread jwtlens.lua

defaults
    mode http
    timeout connect 1s
    timeout client 30s
    timeout http-request 10s
    timeout server 30s

frontend web
    bind :{port}
    # Judged and passed on is the path alone, also of a request that names a host before it.
    http-request set-uri %[pathq]
    # X_User is X-User to some programs, and is dropped here.
    http-request del-header _ -m sub
    # HAProxy goes on when a script breaks: so this stands until the script says otherwise.
    http-request set-var(txn.jwtlens_status) int(0)
    http-request lua.jwtlens
    http-request deny deny_status 403 unless {{ var(txn.jwtlens_status) -m int 200 }}
    # With these a client could change what was judged, or say who it is; each in every spelling that some program takes for it.
{removed}
    # A header that Connection names could be dropped on the way.
    http-request set-header Connection Upgrade if {{ req.hdr(Upgrade) -m str -i websocket }}
    http-request del-header Connection unless {{ req.hdr(Upgrade) -m str -i websocket }}
{copied}
    default_backend api

backend api
    server api {api}
"""
_LUA = """\
-- Asks jwtlens about each request, without its body, and stops those that it does not allow.
local address = "http://{jwtlens}/auth"
local copied = {{ {copied} }}
-- Headers between two servers, and those that are said anew below.
local left_out = {{
  ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["keep-alive"] = true,
  ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
  ["x-original-method"] = true, ["x-original-uri"] = true,
}}
local handed_on = {{ [400] = true, [401] = true, [403] = true, [503] = true }}

local function first(headers, name)
  return headers and headers[name] and headers[name][0] or ""
end

core.register_action("jwtlens", {{ "http-req" }}, function(txn)
  local headers = {{
    ["x-original-method"] = {{ txn.sf:method() }},
    ["x-original-uri"] = {{ txn.sf:pathq() }},
  }}
  for name, values in pairs(txn.http:req_get_headers()) do
    if not left_out[name] then
      local list, at = {{}}, 0
      while values[at] ~= nil do
        list[#list + 1] = values[at]
        at = at + 1
      end
      headers[name] = list
    end
  end
  -- Late is denied. HAProxy tries up to four times, a second each.
  local answer = core.httpclient():get{{ url = address, headers = headers, timeout = 1000 }}
  if answer.status == 200 then
    for _, name in ipairs(copied) do
      txn:set_var("txn.jwtlens_" .. name:gsub("-", "_"), first(answer.headers, name))
    end
    txn:set_var("txn.jwtlens_status", 200)
  elseif handed_on[answer.status] then
    local reply = txn:reply()
    reply:set_status(answer.status)
    local challenge = first(answer.headers, "www-authenticate")
    if challenge ~= "" then
      reply:add_header("WWW-Authenticate", challenge)
    end
    reply:add_header("Cache-Control", "no-store")
    txn:done(reply)
  end
end)
"""


def export(policy: Policy) -> Export:
    told = asking(policy)
    removed = "\n".join(f"    http-request del-header {_spellings(name)} -m reg" for name in (*told.removed, *told.kept_back))
    copied = "".join(f"    http-request set-header {name} %[var(txn.jwtlens_{as_variable(name)})]\n" for name in told.copied)
    cfg = _CFG.format(start=_START, port=PORT, api=API, removed=removed, copied=copied)
    lua = _LUA.format(jwtlens=JWTLENS, copied=", ".join(f'"{name.lower()}"' for name in told.copied))
    more = (
        "The script stands beside haproxy.cfg: lua-load-per-thread takes its path, from the directory where HAProxy is started.",
        DROPPED,
    )
    return Export((File("haproxy.cfg", "haproxy", cfg), File("jwtlens.lua", "lua", lua)), told.gaps, notes(policy, _START) + more)


def _spellings(name: str) -> str:
    """A regular expression for every name that a program with headers as variables takes for this one; HAProxy knows them in lower case."""
    return "'^" + re.sub(r"-", "[^a-z0-9]", name.lower()) + "$'"


def _refuses(request: Request) -> Answer | None:
    """What HAProxy answers by itself."""
    size = len(request.target) + sum(len(name) + len(value) + 4 for name, value in request.headers)
    if size > _BUFFER:
        return own("HAProxy", 400, "headers of more than 16 kB", _BAD)
    if size > _BUFFER - 2000:
        raise NotKnown
    if len(request.values("Host")) > 1 and len(set(request.values("Host"))) > 1:
        return own("HAProxy", 400, "two Host headers", _BAD)
    if request.method == "CONNECT" and not request.target.startswith("/"):
        raise NotKnown
    if (
        request.method == "CONNECT"
        or "#" in request.target
        or not re.match(r"/|\*$|[A-Za-z]+://[^/?#]", request.target)
        or not request.target.isascii()
    ):
        return own("HAProxy", 400, "an address that it cannot read", _BAD)
    return None


_BUFFER = 16_384
_BAD = "<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n"
GATEWAY = Gateway("haproxy-lua", "HAProxy (asking in Lua)", True, export, answering(Manner("HAProxy", _refuses)))
