-- Counts the answers by status, and the 503 that do not say when to come back.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  good, moved, busy, other, silent = 0, 0, 0, 0, 0
end

-- Each connection pauses, so that together they ask as often as is wanted.
function delay()
  return tonumber(os.getenv("PAUSE_MS") or "0")
end

function response(status, headers)
  if status == 200 then
    good = good + 1
  elseif status == 302 then
    moved = moved + 1
  elseif status == 503 then
    busy = busy + 1
    if not (headers["Retry-After"] or headers["retry-after"]) then
      silent = silent + 1
    end
  else
    other = other + 1
  end
end

function done(summary, latency)
  local total = { good = 0, moved = 0, busy = 0, other = 0, silent = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(total) do
      total[name] = total[name] + thread:get(name)
    end
  end
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format(
    'REPORT {"good":%d,"moved":%d,"busy":%d,"other":%d,"silent":%d,"broken":%d,"seconds":%.3f}',
    total.good, total.moved, total.busy, total.other, total.silent, broken, summary.duration / 1e6
  ))
end
