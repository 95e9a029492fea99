#!lua
-- Removes an app from a space. The leases it leaves stay as they are.
-- KEYS: the space's base
-- ARGV: app id, session
-- Returns job id, token and confirmed (0 or 1) of each lease it leaves, as one list; nil if it is not there under the session.
local base, app = KEYS[1], ARGV[1]
local key = base .. 'app:' .. app
local there = redis.call('HMGET', key, 'session', 'status')
if there[1] ~= ARGV[2] then return false end
redis.call('DEL', key)
redis.call('ZREM', base .. 'apps', app)

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', base .. 'meta', 'changedAt', now)
if there[2] == 'CONNECTED' then redis.call('HSET', base .. 'meta', 'lastConnectedAt', now) end
redis.call('PUBLISH', base .. 'signals', '{"type":"presence"}')

local held, leases = redis.call('HGETALL', base .. 'held:' .. app), {}
for i = 1, #held, 2 do
  local n = #leases
  leases[n + 1], leases[n + 2] = held[i], held[i + 1]
  leases[n + 3] = redis.call('HGET', base .. 'job:' .. held[i], 'conf') or '0'
end
return leases
