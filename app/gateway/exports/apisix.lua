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
  for _, sign in ipairs(@signs) do
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
    return (string.gsub(value, "[^A-Za-z0-9 !\"#$&'()*+./:;<=>?@%[\\%]^_`{|}~%-]", function(one) return string.format("%%%02X", string.byte(one)) end))
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
