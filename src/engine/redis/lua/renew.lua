#!lua
-- Extends an app's presence in a space and the leases it names, and marks those confirmed that are said to be; the others are
-- never shortened. Another status is told.
-- KEYS: the space's base
-- ARGV: app id, session, status, last seen at, until, then job id, token and 1 (confirmed) or 0 of each lease
-- Returns {ids of leases that are not its own any more, ids of jobs that someone wants to end}; nil if it is not there under the session.
local base, app, status, ends = KEYS[1], ARGV[1], ARGV[3], ARGV[5]
local key = base .. 'app:' .. app
local there = redis.call('HMGET', key, 'session', 'status')
if there[1] ~= ARGV[2] then return false end
redis.call('HSET', key, 'status', status, 'lastSeenAt', ARGV[4], 'until', ends)
redis.call('ZADD', base .. 'apps', ends, app)
if there[2] ~= status then
  local time = redis.call('TIME')
  local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  -- It is connected now or was until now.
  redis.call('HSET', base .. 'meta', 'changedAt', now, 'lastConnectedAt', now)
  redis.call('PUBLISH', base .. 'signals', '{"type":"presence"}')
end

local lost, cancelling = {}, {}
for i = 6, #ARGV, 3 do
  local id = ARGV[i]
  if redis.call('HGET', base .. 'held:' .. app, id) ~= ARGV[i + 1] then
    lost[#lost + 1] = id
  else
    local job = base .. 'job:' .. id
    if ARGV[i + 2] == '1' then
      redis.call('HSET', job, 'conf', 1)
      redis.call('ZADD', base .. 'leases', ends, id)
    else
      redis.call('ZADD', base .. 'leases', 'GT', ends, id)
    end
    if string.find(redis.call('HGET', job, 'facts'), '^CANCELLING') then cancelling[#cancelling + 1] = id end
  end
end
return { lost, cancelling }
