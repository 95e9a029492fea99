#!lua
-- Deletes a job and every trace of it, and tells that it is gone.
-- KEYS: the partition's base
-- ARGV: id
-- Returns 1; 0 if there was none.
local base, id = KEYS[1], ARGV[1]
local key = base .. 'job:' .. id
local was = redis.call('HMGET', key, 'facts', 'once', 'turn')
if not was[1] then return 0 end
local status, _, _, app, cursor, own = string.match(was[1], '^(%S+) (%S+) (%S+) (%S+) (%S+) ?(.*)$')
redis.call('DEL', key, base .. 'out:' .. id)
redis.call('ZREM', base .. 'queue', id)
redis.call('ZREM', base .. 'leases', id)
redis.call('ZREM', base .. 'due', id)
redis.call('ZREM', base .. 'list:' .. status, cursor)
redis.call('ZREM', base .. 'own:' .. status .. ':' .. own, cursor)
if app ~= '-' then redis.call('HDEL', base .. 'held:' .. app, id) end
if was[2] and was[2] ~= '' then redis.call('HDEL', base .. 'once', was[2]) end
if was[3] and status == 'QUEUED' then redis.call('ZREM', base .. 'turns', was[3]) end
redis.call('PUBLISH', key, 'null')
return 1
