#!lua
-- Makes an app present in a space, with all leases it holds there until the presence ends.
-- KEYS: the space's base
-- ARGV: app id, session, presence as JSON, status, last seen at, until
-- Returns job id, token and confirmed (0 or 1) of each lease held, as one list; nil if a newer session is there.
local base, app = KEYS[1], ARGV[1]
local key = base .. 'app:' .. app
local there = redis.call('HMGET', key, 'session', 'status')
if there[1] and tonumber(there[1]) > tonumber(ARGV[2]) then return false end
redis.call('HSET', key, 'session', ARGV[2], 'card', ARGV[3], 'status', ARGV[4], 'lastSeenAt', ARGV[5], 'until', ARGV[6])
redis.call('ZADD', base .. 'apps', ARGV[6], app)

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', base .. 'meta', 'changedAt', now)
if ARGV[4] == 'CONNECTED' or there[2] == 'CONNECTED' then redis.call('HSET', base .. 'meta', 'lastConnectedAt', now) end
redis.call('PUBLISH', base .. 'signals', '{"type":"presence"}')

local held, leases = redis.call('HGETALL', base .. 'held:' .. app), {}
for i = 1, #held, 2 do
  local id, n = held[i], #leases
  redis.call('ZADD', base .. 'leases', 'XX', ARGV[6], id)
  leases[n + 1], leases[n + 2] = id, held[i + 1]
  leases[n + 3] = redis.call('HGET', base .. 'job:' .. id, 'conf') or '0'
end
return leases
