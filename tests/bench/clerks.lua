-- Clerks at work, for wrk: each has a session and a cell of its own and saves it every few seconds.
--
-- CLERKS is a file of lines: cookie, token, path, address, value stored now, first value; separated by tabs.
-- SECONDS is how long they go on; then they stop, so that every save is answered before wrk ends. REPORT is the
-- file that `done` writes. Values are unique, so that a conflict tells whose it was.

local THINK = 5000 -- milliseconds between two saves of one clerk
local FOREVER = 10000000
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  math.randomseed(os.time())
  clerks, owner, turn, started = {}, {}, 0, 0
  sent, acknowledged, conflicts, problems, refused = 0, 0, 0, 0, 0
  ends = os.time() + tonumber(os.getenv("SECONDS"))
  for line in io.lines(os.getenv("CLERKS")) do
    local cookie, token, path, address, was, first =
      line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
    local headers = { Cookie = cookie, ["X-CSRFToken"] = token, ["Content-Type"] = "application/json" }
    table.insert(clerks, { headers = headers, path = path, address = address, was = was, value = tonumber(first) })
  end
end

-- Every connection asks as soon as it is open, as a browser does: gunicorn's gthread gives a new connection a thread
-- at once, which would wait for the first byte. The pause after that is a random part of the cycle, so that they do
-- not go on in step.
function delay()
  if os.time() >= ends then
    return FOREVER
  end
  started = started + 1
  if started <= #clerks then
    return 0
  end
  if started <= 2 * #clerks then
    return math.random(0, THINK)
  end
  return math.random(THINK * 0.8, THINK * 1.2)
end

-- wrk does not say which connection asks; there are as many as clerks, who take turns.
function request()
  turn = turn % #clerks + 1
  local clerk = clerks[turn]
  clerk.value = clerk.value + 1
  local value = string.format("%d", clerk.value)
  owner[value] = clerk
  local body = '{"changes":[{"address":"' .. clerk.address .. '","was":"' .. clerk.was .. '","value":"' .. value .. '"}]}'
  clerk.was = value
  sent = sent + 1
  return wrk.format("POST", clerk.path, clerk.headers, body)
end

local function empty(body, name)
  return body:find('"' .. name .. '": []', 1, true) or body:find('"' .. name .. '":[]', 1, true)
end

function response(status, headers, body)
  if status ~= 200 then
    refused = refused + 1
  elseif not empty(body, "problems") then
    problems = problems + 1
  elseif not empty(body, "conflicts") then
    conflicts = conflicts + 1
    local mine, theirs = body:match('"mine": ?"([^"]*)", ?"theirs": ?"([^"]*)"')
    if owner[mine] then
      owner[mine].was = theirs
    end
  else
    acknowledged = acknowledged + 1
  end
end

function done(summary, latency, requests)
  local sums = { sent = 0, acknowledged = 0, conflicts = 0, problems = 0, refused = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(sums) do
      sums[name] = sums[name] + thread:get(name)
    end
  end
  sums.broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for name, percent in pairs({ p50 = 50, p95 = 95, p99 = 99 }) do
    sums[name] = latency:percentile(percent) / 1000
  end
  sums.slowest = latency.max / 1000
  local lines = {}
  for name, number in pairs(sums) do
    table.insert(lines, string.format('"%s": %.3f', name, number))
  end
  local file = io.open(os.getenv("REPORT"), "w")
  file:write("{" .. table.concat(lines, ", ") .. "}\n")
  file:close()
end
