"""Runs a function in Lua as APISIX would, in the Lua that HAProxy brings: what it answers, and which headers it sets."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

_RUNNER = """
local null = setmetatable({}, {})
ngx = {null = null, var = {}}
local headers, asked, answered
package.loaded["apisix.core"] = {
  request = {
    set_header = function(_, name, value) headers[name] = value end,
    header = function(_, name) return asked[string.lower(name)] end,
  },
  response = {set_header = function(name, value) answered[name] = value end},
}
local function quoted(text)
  return '"' .. string.gsub(text, '[^ !#-%[%]-~]', function(one) return string.format("\\\\u%04x", string.byte(one)) end) .. '"'
end
local out = io.open(@out, "w")
for _, case in ipairs(dofile(@cases)(null)) do
  headers, asked, answered = {}, case.asked, {}
  ngx.var.request_uri = case.uri
  local judge = assert(load(case.program))()
  local ok, status = pcall(judge, {}, {jwt_auth_payload = case.claims, route_id = case.route, var = {}})
  if not ok then out:write(quoted("error: " .. tostring(status)), "\\n") else
    local told = {}
    for name, value in pairs(headers) do told[#told + 1] = quoted(name) .. ":" .. quoted(value) end
    out:write('{"status":', status or 200, ',"challenge":', quoted(answered["WWW-Authenticate"] or ""), ',"headers":{', table.concat(told, ","), "}}\\n")
  end
end
out:close()
"""


class Ran(NamedTuple):
    """What the function did; the bytes of a header are read as Latin-1."""

    status: int
    challenge: str
    headers: dict[str, str]


class Call(NamedTuple):
    program: str
    route: str
    claims: Any
    uri: str = "/orders"
    asked: Mapping[str, str] = MappingProxyType({})


def written(value: Any) -> str:
    """*value* in Lua, as the JSON reader of APISIX has it: all numbers are floats."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return repr(float(value)).replace("inf", "math.huge")
    if isinstance(value, str):
        return '"' + "".join(f"\\{byte:03d}" for byte in value.encode("utf-8", "surrogatepass")) + '"'
    if isinstance(value, list):
        return "{" + ",".join(written(one) for one in value) + "}"
    return "{" + ",".join(f"[{written(name)}]={written(one)}" for name, one in value.items()) + "}"


def run(calls: list[Call], folder: Path) -> list[Ran]:
    rows = []
    for call in calls:
        claims = "nil" if call.claims is None else written(call.claims)
        rows.append(
            f"{{program={written(call.program)},route={written(call.route)},claims={claims},uri={written(call.uri)},asked={written(dict(call.asked))}}}"
        )
    (folder / "cases.lua").write_text("return function(null) return {\n" + ",\n".join(rows) + "\n} end\n")
    runner = _RUNNER.replace("@out", json.dumps(str(folder / "out"))).replace("@cases", json.dumps(str(folder / "cases.lua")))
    (folder / "runner.lua").write_text(runner)
    (folder / "haproxy.cfg").write_text(f"global\n  lua-load {folder}/runner.lua\n")
    ran = subprocess.run(["haproxy", "-c", "-f", f"{folder}/haproxy.cfg"], capture_output=True, text=True, timeout=60)
    assert (folder / "out").exists(), ran.stderr
    found = [json.loads(line) for line in (folder / "out").read_text().splitlines()]
    assert len(found) == len(calls), ran.stderr
    assert not [one for one in found if isinstance(one, str)], [one for one in found if isinstance(one, str)][:3]
    return [Ran(one["status"], one["challenge"], one["headers"]) for one in found]
