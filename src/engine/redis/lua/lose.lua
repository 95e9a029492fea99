#!lua
-- An app's socket was lost: it is RECONNECTING, its presence and all its leases in the space end at `until`.
-- KEYS: the space's base
-- ARGV: app id, session, until
-- Returns 1; 0 if it is not there under the session.
local base, app, ends = KEYS[1], ARGV[1], ARGV[3]
local key = base .. 'app:' .. app
local there = redis.call('HMGET', key, 'session', 'status')
if there[1] ~= ARGV[2] then return 0 end
redis.call('HSET', key, 'status', 'RECONNECTING', 'until', ends)
redis.call('ZADD', base .. 'apps', ends, app)
for _, id in ipairs(redis.call('HKEYS', base .. 'held:' .. app)) do redis.call('ZADD', base .. 'leases', 'XX', ends, id) end

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', base .. 'meta', 'changedAt', now)
if there[2] == 'CONNECTED' then redis.call('HSET', base .. 'meta', 'lastConnectedAt', now) end
redis.call('PUBLISH', base .. 'signals', '{"type":"presence"}')
return 1
